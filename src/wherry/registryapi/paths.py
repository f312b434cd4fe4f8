"""What a request's path names. Pure.

Repository names have slashes in them, so a path is read from its end: ``/v2/<name>/blobs/<digest>``. Only the last
segment is percent-decoded: a name has no character that would need it, and ``%2e%2e`` is no name.
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from wherry.engine.registry.model import Code, Refused
from wherry.engine.registry.names import check_name


class Kind(Enum):
    """The specification's resources ("Endpoints")."""

    BASE = "base"
    CATALOG = "catalog"
    TAGS = "tags"
    REFERRERS = "referrers"
    MANIFEST = "manifest"
    BLOB = "blob"
    UPLOADS = "uploads"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Target:
    """``name`` is a valid repository name or empty; ``reference`` the tag, digest or upload id, not checked yet."""

    kind: Kind
    name: str = ""
    reference: str = ""


_WITH_REFERENCE = {"manifests": Kind.MANIFEST, "blobs": Kind.BLOB, "referrers": Kind.REFERRERS}


def parse(path: str) -> Target | None:
    """The target of a path (raw, without the query); None when there is no such path. Refused (NAME_INVALID)."""
    if path == "/v2":
        return Target(Kind.BASE)
    if not path.startswith("/v2/"):
        return None
    segments = path[len("/v2/") :].split("/")
    if segments == [""]:
        return Target(Kind.BASE)
    if segments == ["_catalog"]:
        return Target(Kind.CATALOG)
    if segments[-3:-1] == ["blobs", "uploads"]:
        return _upload(segments[:-3], segments[-1])
    if segments[-2:] == ["blobs", "uploads"]:
        return _upload(segments[:-2], "")
    if segments[-2:] == ["tags", "list"]:
        return Target(Kind.TAGS, _name(segments[:-2]))
    kind = _WITH_REFERENCE.get(segments[-2]) if len(segments) > 1 else None
    return Target(kind, _name(segments[:-2]), unquote(segments[-1])) if kind is not None else None


def _upload(name: list[str], upload: str) -> Target:
    return Target(Kind.UPLOAD, _name(name), unquote(upload)) if upload else Target(Kind.UPLOADS, _name(name))


def _name(segments: list[str]) -> str:
    if not segments:
        raise Refused(Code.NAME_INVALID, "the path has no repository name")
    return check_name("/".join(segments))
