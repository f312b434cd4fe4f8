"""Reading a blob so that what was read is known to be what the name says."""

import hashlib
import io
import os
from pathlib import Path
from typing import BinaryIO

from wherry.kit.errors import WherryError
from wherry.oci.digest import Digest


class Corrupt(WherryError):
    """A stored blob is not what its name says: the disk or somebody changed it."""


class BlobReader(io.RawIOBase):
    """The bytes of one blob, hashed as they pass.

    The read that meets the end of the blob raises :class:`Corrupt` instead of reporting the end when the bytes do not
    hash to the digest: a consumer that reads to the end cannot miss it. One that stops early calls :meth:`verify`.
    Not seekable, one consumer. Wrap in ``io.BufferedReader`` for small reads.
    """

    def __init__(self, path: Path, digest: Digest) -> None:
        super().__init__()
        self._file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115  # closed by close()
        self._digest = digest
        self._hash = hashlib.new(digest.algorithm)
        self._verified = False
        self.size_bytes = os.fstat(self._file.fileno()).st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if count:
            self._hash.update(memoryview(buffer)[:count])
        elif len(buffer):
            self._check()
        return int(count or 0)

    def verify(self) -> None:
        """Read what is left and raise :class:`Corrupt` unless the whole blob is intact."""
        scratch = memoryview(bytearray(1 << 20))
        while self.readinto(scratch):
            pass

    def close(self) -> None:
        self._file.close()
        super().close()

    def _check(self) -> None:
        if self._verified:
            return
        if self._hash.hexdigest() != self._digest.hex:
            raise Corrupt(f"blob {self._digest} is damaged on disk: its content hashes to {self._hash.hexdigest()}")
        self._verified = True
