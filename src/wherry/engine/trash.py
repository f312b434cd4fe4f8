"""Get rid of directories: at once for the eye, with time for the disk."""

import asyncio
import logging
import os
import secrets
from pathlib import Path

from wherry.linux.trees import remove_tree

_log = logging.getLogger(__name__)
_PREFIX = "trash-"
_FEW = 64  # entries that are deleted on the spot


class Trash:
    """Throws directories away. ``tmp`` is on their file system; what a crash leaves there goes by :meth:`sweep`.

    Files in them may be a container's: nothing is followed, no mount is entered, no depth is too great.
    """

    def __init__(self, tmp: Path) -> None:
        self._tmp = tmp
        self._deleting: set[asyncio.Future[None]] = set()

    def throw(self, directory: Path) -> None:
        """Make ``directory`` disappear. Idempotent; a big one is deleted in the background."""
        if _delete_few(directory):
            return
        away = self._tmp / (_PREFIX + secrets.token_hex(16))
        try:
            os.rename(directory, away)
        except FileNotFoundError:
            return
        except OSError:  # another file system, a mount point
            away = directory
        self._later(away)

    def sweep(self) -> None:
        """At start, before anything is made there: delete everything in ``tmp``, in the background."""
        for path in self._tmp.iterdir():
            self._later(path)

    def _later(self, path: Path) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            _delete(path)
            return
        future = loop.run_in_executor(None, _delete, path)
        self._deleting.add(future)
        future.add_done_callback(self._deleting.discard)

    async def settle(self) -> None:
        """Wait until all that was thrown away is off the disk."""
        await asyncio.gather(*self._deleting)


def _delete(path: Path) -> None:
    """Failures are told and left for the next start: nobody waits for this."""
    try:
        parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            remove_tree(parent, path.name)
        finally:
            os.close(parent)
    except OSError as error:
        _log.warning("%s stays for now: %s", path, error)


def _delete_few(directory: Path) -> bool:
    """Delete a directory with few entries right here; False when there are more, and some may be gone."""
    files: list[str] = []
    directories = [str(directory)]
    try:
        for path in directories:  # grows as it goes
            with os.scandir(path) as found:
                for entry in found:
                    (directories if entry.is_dir(follow_symlinks=False) else files).append(entry.path)
            if len(files) + len(directories) > _FEW:
                return False
        for path in files:
            os.unlink(path)
        for path in reversed(directories):
            os.rmdir(path)
    except FileNotFoundError:
        return not directory.exists()
    except OSError:
        return False
    return True
