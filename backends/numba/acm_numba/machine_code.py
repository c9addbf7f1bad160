"""Where machine code is kept between processes: Numba's cache, in which nothing that goes wrong stops a call.

Numba looks for a writable folder where ``NUMBA_CACHE_DIR`` says, next to the source, and in the user's cache folder.
What cannot be read is compiled, what is damaged is removed and written anew, what cannot be written is left out; each
of these is said once a process.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

from acm_dispatch.errors import warn

_said: set[str] = set()


def kept(dispatcher: Any) -> Any:
    """`dispatcher`, which from now on looks for its machine code on disk before it compiles."""
    try:
        dispatcher._cache = _Cache(dispatcher.py_func)
    except MemoryError:
        raise
    except Exception as error:
        _say("no folder for Numba's machine code can be written", "set NUMBA_CACHE_DIR to one that can", error)
    return dispatcher


def _say(what: str, then: str, error: Exception) -> None:
    if what not in _said:
        _said.add(what)
        sentence = f"backend numba: {what} ({type(error).__name__}: {error}); {then}"
        warn(sentence)


class _Damaged(Exception):
    """A file does not hold what was written to it."""


class _Files(IndexDataCacheFile):
    """An index and files of machine code, each of which begins with a digest of itself.

    A block that a full or broken disk lost would otherwise be executed, and so would the code of an older source that
    is still there because the newer one's could not be written.
    """

    def _digest(self, data: bytes) -> bytes:
        return hashlib.sha256(repr((self._version, self._source_stamp)).encode() + data).digest()

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(self._digest(content) + content)

    def _load_data(self, name: str) -> Any:
        path = self._data_path(name)
        stored = Path(path).read_bytes()
        digest, content = stored[:32], stored[32:]
        if digest != self._digest(content):
            raise _Damaged(path)
        from pickle import loads

        return loads(content)


class _Named(CompileResultCacheImpl):
    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        """Another name than Numba's own, whose files have no digest."""
        return f"{super().get_filename_base(fullname, abiflags)}-acm"


class _Cache(FunctionCache):
    """The cache of one function; `load_overload` and `save_overload` are what Numba calls."""

    _impl_class = _Named

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._cache_file = _Files(self.cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was compiled before, or None."""
        try:
            return super().load_overload(sig, target_context)
        except MemoryError:
            raise
        except Exception as error:  # an unpickler meets every exception there is
            self._remove()
            what = f"machine code in {self.cache_path} cannot be read"
            _say(what, "it is removed and compiled anew", error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that is possible."""
        try:
            super().save_overload(sig, data)
        except MemoryError:
            raise
        except Exception as error:
            self._remove()  # an index that names what is not there
            what = f"machine code cannot be written to {self.cache_path}"
            _say(what, "each process compiles it anew, which takes seconds", error)

    def _remove(self) -> None:
        """Remove the files of this function; those of other processes' calls are written anew by them."""
        try:
            for path in Path(self.cache_path).glob(f"{self._impl.filename_base}.*"):
                path.unlink(missing_ok=True)
        except OSError:  # then the next process meets them again
            pass
