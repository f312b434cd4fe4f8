"""An object as the store keeps it: the JSON that clients get, but for its resource version.

The resource version is the revision of the commit that wrote the object, known only when it is done. So the stored
bytes have an empty one, as the first field of ``metadata`` (inside JSON texts quotes are escaped: the first match is
it), and the revision is put in when they are read: no decoding.
"""

import msgspec

from wherry.kube.machinery.model import GroupResource, Object

_EMPTY = b'"resourceVersion":""'
_FIELD = b'"resourceVersion":"'
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""
    labels: dict[str, str] | None = None


class _Document(msgspec.Struct):
    metadata: _Meta


_decode_meta = msgspec.json.Decoder(_Document).decode


def key_of(resource: GroupResource, namespace: str, name: str) -> str:
    """Where the store keeps an object; ``namespace`` is empty for what has none."""
    return f"{prefix_of(resource)}{namespace}/{name}"


def prefix_of(resource: GroupResource) -> str:
    """What the keys of all objects of a resource start with, and of no other."""
    return f"/{resource.group or 'core'}/{resource.resource}/"


def split_key(key: str) -> tuple[GroupResource, str]:
    """The resource of a key, and its rest: ``namespace/name``."""
    _, group, resource, rest = key.split("/", 3)
    return GroupResource("" if group == "core" else group, resource), rest


def value_of(obj: Object) -> bytes:
    """The bytes to store. Equal objects give equal bytes if their fields are in the same order."""
    metadata = {"resourceVersion": "", **obj["metadata"]}
    metadata["resourceVersion"] = ""
    document = {"apiVersion": "", "kind": "", "metadata": metadata, **obj}
    document["metadata"] = metadata
    return encode(document)


def served(value: bytes, revision: int) -> bytes:
    """The bytes that clients get of stored ones."""
    return value.replace(_EMPTY, b'"resourceVersion":"%d"' % revision, 1)


def unversioned(value: bytes) -> bytes:
    """Stored bytes as clients get them of an object that will not be: without a resource version."""
    at = value.index(_EMPTY)
    return value[:at] + value[at + len(_EMPTY) :].removeprefix(b",")


def revised(raw: bytes, revision: int) -> bytes:
    """Served bytes with another resource version."""
    start = raw.index(_FIELD) + len(_FIELD)
    return b"%b%d%b" % (raw[:start], revision, raw[raw.index(b'"', start) :])


def meta_of(raw: bytes) -> _Meta:
    """Of served or stored bytes, without decoding the rest."""
    return _decode_meta(raw).metadata


def copied(obj: Object) -> Object:
    """Of its own, down to the last field (a tenth of the time of copy.deepcopy)."""
    found: Object = decode(encode(obj))
    return found
