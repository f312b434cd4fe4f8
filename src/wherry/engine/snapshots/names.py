"""Names in a layer's archive: what path they mean, and which of them are not files but marks. Pure.

OCI image-spec 1.1 layer.md "Whiteouts"; marks are Aufs's, ``.wh.`` before the name they hide.
"""

import os

from wherry.kit.errors import Invalid

WHITEOUT = b".wh."
AUFS_METADATA = b".wh..wh."
OPAQUE_MARK = b".wh..wh..opq"
PATH_LIMIT_BYTES = 4095
"""PATH_MAX of Linux (limits.h) without the final NUL."""


def clean(raw: bytes, what: str = "entry") -> bytes:
    """The relative path that ``raw`` means below the root: no ``.``, ``..``, empty name; empty for the root itself.

    A leading slash is the layer's root. Raises Invalid when ``..`` leads above it (as Docker refuses a "breakout").
    """
    if len(raw) > PATH_LIMIT_BYTES or b"\0" in raw:
        raise Invalid(f"layer has an {what} {_shown(raw)} that is no path: too long, or with a NUL byte")
    name = raw.strip(b"/")
    while name.startswith(b"./"):
        name = name[2:].lstrip(b"/")
    if b"//" in name or b"/." in name or name.startswith(b"."):
        return _walk(name, raw, what)
    return name


def _walk(name: bytes, raw: bytes, what: str) -> bytes:
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise Invalid(f"layer has an {what} {_shown(raw)} that leads outside of it")
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def _shown(raw: bytes) -> str:
    return ascii(os.fsdecode(raw[:200]))


def hidden(name: bytes) -> bytes:
    """The name that the whiteout ``name`` hides; Invalid when it hides none or a directory's own ``.`` or ``..``."""
    target = name[len(WHITEOUT) :]
    if target in (b"", b".", b".."):
        raise Invalid(f"layer has a whiteout {_shown(name)} of nothing")
    return target


def is_metadata(path: bytes) -> bool:
    """Aufs's own files (``.wh..wh.plnk/…``), which are no content: passed over, as Docker does."""
    return any(part.startswith(AUFS_METADATA) and part != OPAQUE_MARK for part in path.split(b"/"))


def refuse_marked_parents(path: bytes) -> None:
    """A directory of such a name could never be told from a whiteout again."""
    for part in path.split(b"/"):
        if part.startswith(WHITEOUT):
            raise Invalid(f"layer has a file below a whiteout {_shown(part)}")
