"""Compression of layers that are made here."""

import queue
import threading
from collections.abc import Callable
from types import TracebackType

from isal import isal_zlib

_LEVEL = 1
_CUT_BYTES = 1 << 20  # a third quicker than 256 KiB
_GZIP_WINDOW = 31  # 2^15 window with gzip header; its time field is zero
_PIECES = 8  # of at most 1 MiB under way between the two threads


class GzipCompressor:
    """What every layer made here is compressed with: the same tar gives the same blob, wherever it comes from.

    The interface of zlib.compressobj. isal's output depends on how its input is cut, and a tar that comes through a
    pipe or a socket is cut by chance: it is cut anew.
    """

    def __init__(self) -> None:
        self._compressor = isal_zlib.compressobj(level=_LEVEL, wbits=_GZIP_WINDOW)
        self._pending = bytearray()

    def compress(self, data: bytes | bytearray | memoryview) -> bytes:
        """Compressed bytes that are ready, perhaps none."""
        self._pending += data
        ready = len(self._pending) // _CUT_BYTES * _CUT_BYTES
        if not ready:
            return b""
        with memoryview(self._pending) as view:
            packed = b"".join(
                self._compressor.compress(view[at : at + _CUT_BYTES]) for at in range(0, ready, _CUT_BYTES)
            )
        del self._pending[:ready]
        return packed

    def flush(self) -> bytes:
        """The rest."""
        last = self._compressor.compress(self._pending)
        self._pending.clear()
        return bytes(last + self._compressor.flush())


class Packing:
    """A sink whose contents are compressed in another thread and handed to ``store`` there.

    Leaving the block waits until everything is stored; it raises what ``store`` raised, as :meth:`write` does.
    """

    def __init__(self, store: Callable[[bytes], object]) -> None:
        self._store = store
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="layer-gzip", daemon=True)

    def __enter__(self) -> "Packing":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pieces.put(None)
        self._thread.join()
        if kind is None:
            self._check()

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self._check()
        self._pieces.put(bytes(data))

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        """Take everything in any case: whoever writes waits for room."""
        compressor = GzipCompressor()
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                self._try(compressor.compress(piece))
        if self._error is None:
            self._try(compressor.flush())

    def _try(self, packed: bytes) -> None:
        try:
            if packed:
                self._store(packed)
        except BaseException as error:
            self._error = error
