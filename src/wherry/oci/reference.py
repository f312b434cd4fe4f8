"""Image references: ``[domain/]path[:tag][@digest]``, with Docker's short forms.

Grammar, normalisation and error texts are those of github.com/distribution/reference (v0.6: regexp.go, normalize.go,
reference.go), because clients print and compare them.
"""

import re

import msgspec
from msgspec.structs import replace

from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
PATH_LENGTH_LIMIT = 255
"""RepositoryNameTotalLengthMax of distribution/reference: counts the path, not the domain."""

_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
_TEXT_LIMIT = 2048
"""No valid reference is longer than this by far; bounds the time a regular expression can take."""

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"({_DOMAIN})/({_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?", re.ASCII)
_TAG_ONLY = re.compile(_TAG, re.ASCII)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}", re.ASCII)


class Reference(msgspec.Struct, frozen=True, order=True):
    """A normalised reference: the domain is always there. ``str()`` is the canonical form, which identifies it."""

    domain: str
    path: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """``demo`` means ``docker.io/library/demo``; no tag is added (see :meth:`tagged`). Raises Invalid."""
        if _IDENTIFIER.fullmatch(text):
            raise Invalid(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
        domain, remainder = _split_domain(text)
        path = remainder.partition(":")[0]
        if path.lower() != path:
            raise Invalid(f"invalid reference format: repository name ({path}) must be lowercase")
        return cls._parse_full(f"{domain}/{remainder}")

    @classmethod
    def _parse_full(cls, text: str) -> "Reference":
        match = _REFERENCE.fullmatch(text) if len(text) <= _TEXT_LIMIT else None
        if match is None:
            raise Invalid("invalid reference format")
        domain, path, tag, digest = match.groups()
        if len(path) > PATH_LENGTH_LIMIT:
            raise Invalid(f"repository name must not be more than {PATH_LENGTH_LIMIT} characters")
        return cls(domain, path, tag, Digest.parse(digest) if digest else None)

    @classmethod
    def build(cls, repository: str, tag: str = "") -> "Reference":
        """From Docker's two parameters ``repo`` and ``tag`` (which may be a digest); raises Invalid."""
        reference = cls.parse(repository)
        if ":" in tag:
            return reference.with_digest(Digest.parse(tag))
        return reference.with_tag(tag) if tag else reference

    @property
    def name(self) -> str:
        """The repository with its domain: ``docker.io/library/demo``."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The repository as users write it: ``demo``."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path.removeprefix(_OFFICIAL)
        return self.path if "/" in short else short

    def familiar(self) -> str:
        """The short form that Docker shows: ``demo:1``.

        It means the same except where a repository of Docker Hub is called like a host: ``docker.io/localhost/demo``
        is shown as ``localhost/demo`` (as distribution/reference's FamiliarName is). What is looked up is ``str()``.
        """
        return self.familiar_name + self._suffix()

    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        return f"{tag}@{self.digest}" if self.digest is not None else tag

    def tagged(self) -> "Reference":
        """With ``latest`` when there is neither tag nor digest (Docker's TagNameOnly)."""
        return replace(self, tag=DEFAULT_TAG) if self.is_name_only else self

    @property
    def is_name_only(self) -> bool:
        return self.tag is None and self.digest is None

    def name_only(self) -> "Reference":
        """Without tag and digest."""
        return Reference(self.domain, self.path)

    def with_tag(self, tag: str) -> "Reference":
        """With this tag, which is checked; a digest stays."""
        if not _TAG_ONLY.fullmatch(tag):
            raise Invalid("invalid tag format")
        return replace(self, tag=tag)

    def with_digest(self, digest: Digest) -> "Reference":
        return replace(self, digest=digest)

    def __str__(self) -> str:
        return self.name + self._suffix()


def _split_domain(text: str) -> tuple[str, str]:
    """The domain and the rest, which has ``library/`` put before an official image's name (normalize.go)."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DEFAULT_DOMAIN, _OFFICIAL + text
    if first == _LEGACY_DOMAIN:
        domain, remainder = DEFAULT_DOMAIN, rest
    elif first == "localhost" or "." in first or ":" in first or first.lower() != first:
        # Upper case cannot be a path's component, so it must be a host's name.
        domain, remainder = first, rest
    else:
        domain, remainder = DEFAULT_DOMAIN, text
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = _OFFICIAL + remainder
    return domain, remainder
