"""Whatever happens to Numba's cache, calls go on and one warning says so."""

import errno
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

numba = pytest.importorskip("numba")
from acm_numba import machine_code  # noqa: E402 - imports Numba
from numba.core import caching  # noqa: E402 - likewise


def twice(x):
    """What is compiled here: quick to compile, and its source is a file."""
    return x + x


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """The cache of this test; what was said before does not count."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(machine_code, "_said", set())
    return tmp_path / "cache"


def run():
    """(hits, misses, warnings) of a process that calls `twice`."""
    machine_code._said.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function = machine_code.kept(numba.njit(twice))
        assert function(2) == 4
    told = [str(warning.message) for warning in caught if warning.category.__name__ == "DispatchWarning"]
    return sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values()), told


def _files(folder, suffix):
    found = sorted(folder.rglob(f"*{suffix}"))
    assert found
    return found


def _truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path):
    path.write_bytes(b"")


def _zero(path):
    path.write_bytes(bytes(path.stat().st_size))


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _lose_a_block(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(len(content[middle : middle + 64]))
    path.write_bytes(content)


def _forge(path):
    path.write_bytes(pickle.dumps({"what": "is this"}))


def _make_folder(path):
    path.unlink()
    path.mkdir()


def test_a_whole_cache_is_used(folder):
    assert run() == (0, 1, [])
    assert run() == (1, 0, [])


@pytest.mark.parametrize("damage", [_truncate, _empty, _zero, _flip, _lose_a_block, _forge])
def test_damaged_machine_code_is_compiled_anew_and_repaired(folder, damage):
    run()
    for path in _files(folder, ".nbc"):
        damage(path)
    hits, misses, (warned,) = run()
    assert (hits, misses) == (0, 1)
    assert "cannot be read" in warned
    assert run() == (1, 0, [])


@pytest.mark.parametrize("damage", [_truncate, _empty, _zero])
def test_a_damaged_index_is_written_anew(folder, damage):
    run()
    for path in _files(folder, ".nbi"):
        damage(path)
    hits, misses, (warned,) = run()
    assert (hits, misses) == (0, 1)
    assert "it is removed and compiled anew" in warned
    assert run() == (1, 0, [])


@pytest.mark.parametrize("damage", [_flip, _lose_a_block, _forge])
def test_an_index_that_only_knows_nothing_is_written_anew(folder, damage):
    run()
    for path in _files(folder, ".nbi"):
        damage(path)
    hits, misses, _ = run()
    assert hits + misses == 1
    assert run() == (1, 0, [])


def test_an_index_that_is_a_folder_harms_nobody(folder):
    run()
    for path in _files(folder, ".nbi"):
        _make_folder(path)
    for _ in range(2):
        hits, misses, warned = run()
        assert (hits, misses, len(warned)) == (0, 1, 2)  # it cannot be read, and nothing can be written there


def test_code_of_an_older_source_is_not_run(folder, monkeypatch):
    """What a full disk leaves: an index of the new source over the old one's machine code."""
    run()
    written = {path: path.read_bytes() for path in _files(folder, ".nbc")}
    monkeypatch.setattr(caching._SourceFileBackedLocatorMixin, "get_source_stamp", lambda self: b"another")
    run()
    for path, content in written.items():
        path.write_bytes(content)
    hits, misses, warned = run()
    assert (hits, misses, len(warned)) == (0, 1, 1)


def _failing(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ESTALE, errno.EIO, errno.EACCES])
def test_what_cannot_be_written_is_left_out(folder, monkeypatch, number):
    monkeypatch.setattr(caching.os, "replace", _failing(number))
    hits, misses, (warned,) = run()
    monkeypatch.undo()
    assert (hits, misses) == (0, 1)
    assert f"machine code cannot be written to {folder}" in warned
    assert list(folder.rglob("*.nb*")) == []


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
def test_what_cannot_be_read_is_compiled(folder, monkeypatch, number):
    run()
    monkeypatch.setattr(caching, "open", _failing(number), raising=False)
    hits, misses, warned = run()
    assert (hits, misses) == (0, 1)
    assert "cannot be read" in warned[0]


def test_without_any_folder_functions_are_compiled(folder, monkeypatch):
    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", _failing(errno.EROFS))
    _, _, (warned,) = run()
    assert "no folder for Numba's machine code can be written" in warned
    assert "set NUMBA_CACHE_DIR" in warned


@pytest.mark.parametrize("where", ["/dev/null/cache", "x" * 300, "\0"])
def test_an_unusable_folder_gives_way_to_another(folder, monkeypatch, tmp_path, where):
    monkeypatch.setattr(numba.config, "CACHE_DIR", where)
    monkeypatch.setattr(caching.InTreeCacheLocator, "get_cache_path", lambda self: str(tmp_path / "beside"))
    hits, misses, warned = run()
    assert (hits, misses) == (0, 1)
    assert warned == [] or "NUMBA_CACHE_DIR" in warned[0]


CALL = """
import numpy, acm_dispatch
x = numpy.array([[1.0], [numpy.nan], [3.0]])
print(acm_dispatch.ffill(x, backend="numba").ravel().tolist())
"""


def _processes(folder, count):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    options = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([sys.executable, "-c", CALL], **options) for _ in range(count)]
    told = [process.communicate() for process in started]
    assert [out for out, _ in told] == ["[1.0, 1.0, 3.0]\n"] * count, told
    return [error for _, error in told]


def test_two_processes_at_once_and_one_after_a_damage(folder):
    assert _processes(folder, 2) == ["", ""]
    for path in _files(folder, ".nbi"):
        _truncate(path)
    (error,) = _processes(folder, 1)
    assert error.count("<string>:4: DispatchWarning") == 1, "the line that called"
    assert _processes(folder, 1) == [""]
    assert np.all([path.stat().st_size > 0 for path in _files(folder, ".nbi")])
