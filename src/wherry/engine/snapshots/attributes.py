"""Extended attributes of what a container wrote: which of them are content, and whose the capabilities are.

Sources: xattr(7), capabilities(7) "Namespaced file capabilities" and include/uapi/linux/capability.h for the format.
"""

import os
import struct
from dataclasses import dataclass

from wherry.kit.errors import Invalid

CAPABILITY = b"security.capability"
OVERLAY = b"trusted.overlay."
IDS = 65536
"""How many ids a container has."""

_REVISION_MASK, _REVISION_2, _REVISION_3 = 0xFF000000, 0x02000000, 0x03000000
_V3 = struct.Struct("<6I")  # magic with revision and flags, two pairs of sets, the owning root's id
_UNSUPPORTED = 95  # EOPNOTSUPP
_GONE = 61  # ENODATA
# What overlayfs left behind, and what belongs to the machine; labels of security modules stay with the file system.
_SURPLUS = (b"trusted.", b"user.overlay.", b"system.posix_acl_")
_MERGED = frozenset({OVERLAY + b"redirect", OVERLAY + b"metacopy"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """``kept`` is content, None when there is none; ``surplus`` are names that no image has; ``opaque``: overlayfs's
    mark of a directory that hides the ones below."""

    kept: dict[bytes, bytes] | None = None
    surplus: tuple[bytes, ...] = ()
    opaque: bool = False


NONE = Attributes()


def read(target: int | bytes, first_id: int) -> Attributes:
    """The attributes of an open file, or of a path whose last name is not followed; capabilities shifted back.

    Raises Invalid for capabilities of a namespace that is not the container's, and for a file whose content or
    name is elsewhere.
    """
    follow = isinstance(target, int)
    try:
        names = os.listxattr(target, follow_symlinks=follow)
    except OSError as error:
        if error.errno == _UNSUPPORTED:
            return NONE
        raise
    if not names:
        return NONE
    kept: dict[bytes, bytes] = {}
    surplus = []
    opaque = False
    for name in map(os.fsencode, names):
        if name in _MERGED:
            raise Invalid("the directory was written by an overlay with redirected names or data, which no layer holds")
        if name == OVERLAY + b"opaque" and os.getxattr(target, name, follow_symlinks=follow) == b"y":
            opaque = True
        elif name.startswith(_SURPLUS):
            surplus.append(name)
        elif name.startswith(b"user.") or name == CAPABILITY:
            value = os.getxattr(target, name, follow_symlinks=follow)
            kept[name] = shifted(value, first_id) if name == CAPABILITY else value
    return Attributes(kept or None, tuple(surplus), opaque)


def shifted(capability: bytes, first_id: int) -> bytes:
    """A value of security.capability as the container whose root is ``first_id`` sees it.

    That root's own capabilities become plain ones (version 2), those of a user namespace inside get the id its root
    has in the container. Plain ones stay. Raises Invalid for others.
    """
    magic = int.from_bytes(capability[:4], "little")
    if not first_id or magic & _REVISION_MASK != _REVISION_3 or len(capability) != _V3.size:
        return capability
    root = _V3.unpack(capability)[5] - first_id
    if not 0 <= root < IDS:
        raise Invalid(f"capabilities of the user id {root + first_id}, which is none of the container's")
    if root:
        return capability[:20] + struct.pack("<I", root)
    return struct.pack("<I", _REVISION_2 | magic & ~_REVISION_MASK) + capability[4:20]


def raised(capability: bytes, first_id: int) -> bytes:
    """The opposite of :func:`shifted`: a plain value becomes that of the container whose root is ``first_id``."""
    magic = int.from_bytes(capability[:4], "little")
    if not first_id or magic & _REVISION_MASK != _REVISION_2 or len(capability) != _V3.size - 4:
        return capability
    return struct.pack("<I", _REVISION_3 | magic & ~_REVISION_MASK) + capability[4:] + struct.pack("<I", first_id)
