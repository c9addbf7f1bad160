"""Reading a text as a file, for every test of the reader."""

import pytest
from acm_monitor.reading import Reading, load


@pytest.fixture
def read(tmp_path):
    """Loads the recording in a text: `read(text, Reading(...), encoding=..., name=...)`."""

    def read(text, reading=None, encoding="utf-8", name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return load(path, reading or Reading())

    return read
