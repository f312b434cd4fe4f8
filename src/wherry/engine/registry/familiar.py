"""The engine's images as repositories that can only be read: whatever was built or loaded can be pulled at once.

Which image a repository's name stands for, when nothing was pushed there under the tag asked for:

1. one that is named after a registry of this very machine, on whatever port: ``localhost:5000/x/y:1`` is ``x/y``;
2. the one that Docker would call so: ``demo`` and ``library/demo`` are ``docker.io/library/demo``, ``x/y`` is
   ``docker.io/x/y``, ``quay.io/x/y`` is itself. (So the registry can be the mirror of any other.)

Images named after other hosts with a port have no name that a repository could have; a further tag gives them one.
Nothing is copied: manifests, configurations and layers are read where the engine keeps them.
"""

from collections.abc import Iterator
from typing import Protocol

from wherry.engine.images.rows import ImageRow, ImageRows, ReferenceRow
from wherry.engine.registry.model import Refused, Stored
from wherry.engine.registry.names import check_name
from wherry.kit.errors import Invalid
from wherry.oci.reference import Reference

_OWN_HOSTS = ("localhost", "127.", "[::1]")


class ImageSource(Protocol):
    """Images beside what was pushed. Lists are sorted."""

    def tagged(self, repository: str, tag: str) -> Stored | None: ...
    def manifest(self, repository: str, digest: str) -> Stored | None: ...
    def has_blob(self, repository: str, digest: str) -> bool: ...
    def tags(self, repository: str) -> list[str]: ...
    def repositories(self) -> list[str]: ...


class NoImages:
    """Of a registry alone."""

    def tagged(self, repository: str, tag: str) -> Stored | None:
        return None

    def manifest(self, repository: str, digest: str) -> Stored | None:
        return None

    def has_blob(self, repository: str, digest: str) -> bool:
        return False

    def tags(self, repository: str) -> list[str]:
        return []

    def repositories(self) -> list[str]:
        return []


class EngineImages:
    """Those of an engine; see the module."""

    def __init__(self, rows: ImageRows) -> None:
        self._rows = rows

    def tagged(self, repository: str, tag: str) -> Stored | None:
        for row in self._references(repository):
            if not row.is_digest and row.reference.endswith(f":{tag}"):
                return self._stored(self._rows.image(row.image))
        return None

    def manifest(self, repository: str, digest: str) -> Stored | None:
        images = (self._rows.image(image) for image in self._images(repository))
        return self._stored(next((row for row in images if row is not None and row.manifest == digest), None))

    def has_blob(self, repository: str, digest: str) -> bool:
        return any(
            image == digest or any(layer.layer.blob == digest for layer in self._rows.layers(image))
            for image in self._images(repository)
        )

    def tags(self, repository: str) -> list[str]:
        rows = self._references(repository)
        return sorted({row.reference.rpartition(":")[2] for row in rows if not row.is_digest})

    def repositories(self) -> list[str]:
        return sorted({name for row in self._rows.references() if (name := _repository(row.reference)) is not None})

    @staticmethod
    def _stored(row: ImageRow | None) -> Stored | None:
        return Stored(row.manifest, row.manifest_type, row.manifest_bytes) if row is not None else None

    def _images(self, repository: str) -> list[str]:
        return list(dict.fromkeys(row.image for row in self._references(repository)))

    def _references(self, repository: str) -> Iterator[ReferenceRow]:
        """References that the repository's name stands for, the first rule's first."""
        for prefix in _OWN_HOSTS:
            for row in self._rows.references_with_prefix(prefix):
                host, _, rest = row.reference.partition("/")
                if _is_own(host) and rest.startswith((f"{repository}:", f"{repository}@")):
                    yield row
        try:
            name = Reference.parse(repository).name
        except Invalid:
            return  # 64 hexadecimal digits
        for separator in ":@":
            yield from self._rows.references_with_prefix(name + separator)


def _is_own(domain: str) -> bool:
    """Whether a reference's domain is this machine by a loopback name (RFC 5735, RFC 6761)."""
    host = domain.rpartition(":")[0] if ":" in domain.rpartition("]")[2] else domain
    return host in ("localhost", "[::1]") or (host.startswith("127.") and host.replace(".", "").isdigit())


def _repository(text: str) -> str | None:
    """The repository that a reference is listed as; None when it cannot be one."""
    reference = Reference.parse(text)
    name = reference.path if _is_own(reference.domain) else reference.familiar_name
    try:
        return check_name(name)
    except Refused:
        return None
