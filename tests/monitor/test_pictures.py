"""Lines, blocks and images show the values that they are given."""

import struct
import zlib
from base64 import b64decode

import numpy as np
from acm_monitor.pictures import raster, shapes
from acm_monitor.pictures.chart import ends
from acm_monitor.pictures.traces import summarised


def test_lines_are_broken_by_gaps_and_by_pauses():
    x, y = np.array([0.0, 0.25, 0.5, 0.75, 1.0]), np.array([0.0, 1.0, np.nan, 0.5, 0.5])
    assert shapes.line(x, y) == "M0 1000l1000-1000M3000 500l1000 0"
    at, seen = summarised(np.array([0.0, 0.1, 0.9, 1.0]), np.arange(4.0), 0.5, 100)
    np.testing.assert_array_equal(np.isnan(seen), [False, False, True, False, False])
    assert len(at) == 5


def test_long_lines_keep_their_extremes():
    y = np.zeros(1000)
    y[[333, 700]] = 9.0, -9.0
    at, seen = summarised(np.linspace(0, 1, 1000), y, 1.0, 50)
    assert len(at) == 50
    assert (seen.max(), seen.min()) == (9.0, -9.0)


def test_blocks_of_one_height_are_one():
    x, seen = np.linspace(0, 1, 5), np.array([True, True, False, True])
    assert shapes.blocks(x, seen) == "M0 0h2000v1000h-2000zM3000 0h1000v1000h-1000z"


def test_an_image_holds_the_levels_that_its_letters_tell():
    levels = raster.levels(np.array([[-5.0, 0.0, 5.0], [9.0, np.nan, -9.0]]), -5.0, 5.0)
    np.testing.assert_array_equal(levels, [[0, 32, 63], [63, 0, 0]])
    assert [ord(letter) - ord("?") for letter in raster.letters(levels)] == levels.ravel().tolist()
    png = b64decode(raster.image(levels, diverging=True).partition(",")[2])
    assert struct.unpack(">II", png[16:24]) == (3, 2)
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    assert zlib.decompress(png[start + 4 : start + 4 + length]) == bytes([0, 0, 32, 63, 0, 63, 0, 0])


def test_ends_of_a_scale_are_told_apart():
    assert [text for _, text in ends(62.554, 62.571)] == ["62.5710", "62.5540"]
    assert [text for _, text in ends(-3.0, 120_000.0)] == ["120,000", "-3"]
    assert [text for _, text in ends(1e-9, 3e-9)] == ["3e-09", "1e-09"]
