"""Files of variables in volumes (``fileKeyRef``): whoever wrote there must not lead the node anywhere else."""

import os
import stat
from collections.abc import Mapping

from wherry.kit.errors import Invalid
from wherry.linux.openat2 import openat2
from wherry.node.pods.composing.mounts import Ready

MOST_BYTES = 1024 * 1024
_MISSING = (2, 20)  # ENOENT, ENOTDIR


def read(volumes: Mapping[str, Ready], volume: str, path: str) -> str | None:
    """The file's text; None: there is no such file. Bytes that are no UTF-8 pass through ``os.fsencode``. Raises
    Invalid for what is no file of a volume, or too large."""
    found = volumes.get(volume)
    if found is None or not found.path:
        raise Invalid(f'cannot find the volume "{volume}" referenced by FileKeyRef')
    try:
        directory = os.open(found.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            file = openat2(directory, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        finally:
            os.close(directory)
    except OSError as error:
        if error.errno in _MISSING:
            return None
        raise Invalid(f'cannot read the environment file "{path}": {error}') from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Invalid(f'the environment file "{path}" is no regular file')
        with open(file, "rb", closefd=False) as stream:
            content = stream.read(MOST_BYTES + 1)
    finally:
        os.close(file)
    if len(content) > MOST_BYTES:
        raise Invalid(f'the environment file "{path}" is larger than {MOST_BYTES} bytes')
    return content.decode("utf-8", "surrogateescape")
