"""What clients ask of a container's files."""

from collections.abc import Sequence

import msgspec

from wherry.engine.containers.model import Config


class Extraction(msgspec.Struct, frozen=True):
    """Unpack a tar into the directory ``path``.

    ``keep_kinds``: a directory is not replaced by something else, nor the other way round. ``copy_owner``: everything
    is to belong to the container's user, if it has one.
    """

    path: str
    keep_kinds: bool = False
    copy_owner: bool = False


class Commit(msgspec.Struct, frozen=True):
    """Make an image. ``config`` is put over the container's own, then ``changes`` (Dockerfile instructions).

    ``pause``: a running container stands still meanwhile, so that its files fit together.
    """

    repository: str = ""
    tag: str = ""
    comment: str = ""
    author: str = ""
    changes: Sequence[str] = ()
    pause: bool = True
    config: Config | None = None
