"""Words of the distribution specification (1.1): error codes, what is stored, how a registry may be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from wherry.kit.errors import WherryError
from wherry.oci.digest import Digest


class Code(Enum):
    """Why a request is refused (distribution-spec 1.1 "Error Codes"; the last four are docker-registry's)."""

    BLOB_UNKNOWN = "BLOB_UNKNOWN"
    BLOB_UPLOAD_INVALID = "BLOB_UPLOAD_INVALID"
    BLOB_UPLOAD_UNKNOWN = "BLOB_UPLOAD_UNKNOWN"
    DIGEST_INVALID = "DIGEST_INVALID"
    MANIFEST_BLOB_UNKNOWN = "MANIFEST_BLOB_UNKNOWN"
    MANIFEST_INVALID = "MANIFEST_INVALID"
    MANIFEST_UNKNOWN = "MANIFEST_UNKNOWN"
    NAME_INVALID = "NAME_INVALID"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    SIZE_INVALID = "SIZE_INVALID"
    UNAUTHORIZED = "UNAUTHORIZED"
    DENIED = "DENIED"
    UNSUPPORTED = "UNSUPPORTED"
    TOOMANYREQUESTS = "TOOMANYREQUESTS"
    TAG_INVALID = "TAG_INVALID"
    RANGE_INVALID = "RANGE_INVALID"
    PAGINATION_NUMBER_INVALID = "PAGINATION_NUMBER_INVALID"
    UNAVAILABLE = "UNAVAILABLE"


class Refused(WherryError):
    """A request that the registry does not carry out. ``detail`` is for programs."""

    def __init__(self, code: Code, message: str, detail: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class OutOfOrder(Refused):
    """A chunk that does not begin where the upload stands; ``offset`` says where that is."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(Code.RANGE_INVALID, message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest of a repository: where its bytes are (in the content store, by ``digest``) and what they are."""

    digest: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest that names another one as its subject, as the referrers list shows it. Empty: says nothing."""

    digest: str
    media_type: str
    size_bytes: int
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A manifest that was put: its digest, and the subject it names, if any."""

    digest: str
    subject: str


@dataclass(frozen=True, slots=True)
class Needed:
    """A blob or manifest that a manifest refers to. ``is_optional``: foreign layers, which are fetched elsewhere."""

    digest: str
    size_bytes: int
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """What a manifest says of itself. ``subject``, ``artifact_type``: empty when it says nothing."""

    digest: Digest
    media_type: str
    size_bytes: int
    blobs: tuple[Needed, ...] = ()
    manifests: tuple[Needed, ...] = ()
    subject: str = ""
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection took away."""

    blobs: int = 0
    manifests: int = 0
    uploads: int = 0

    def __add__(self, other: "Collected") -> "Collected":
        return Collected(self.blobs + other.blobs, self.manifests + other.manifests, self.uploads + other.uploads)
