"""Keeps the documents: made when first asked for, compressed, until other kinds are served."""

import gzip
import hashlib
from collections.abc import Callable, Sequence

import wherry
from wherry.kube.apiserver import discovery
from wherry.kube.apiserver.documents import Document
from wherry.kube.apiserver.openapi import gnostic, v2, v3
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery import jsondocs, mediatypes
from wherry.kube.machinery.model import GroupVersion
from wherry.kube.machinery.status import not_acceptable

_GZIP_LEVEL = 4
"""As upstream (k8s.io/apiserver responsewriters): more costs time and saves little."""


class Documents:
    """``kinds`` gives what is served now; ``version`` is the server's, such as ``v1.37.0``.

    Bodies are gzip; who cannot send them so decompresses them (:func:`plain`).
    """

    def __init__(self, kinds: Callable[[], Sequence[Kind]], version: str = "v1.37.0") -> None:
        self._kinds = kinds
        self._version = version
        self._etags: dict[str, str] | None = None
        self._kept: dict[str, Document] = {}
        self._schemas: dict[tuple[str, str, str], tuple[Version, bytes]] = {}

    def changed(self) -> None:
        """Other kinds are served now. Documents of group versions that did not change are kept."""
        before, self._etags = self._etags, None
        here = {(kind.group, kind.plural) for kind in self._kinds()}
        self._schemas = {key: each for key, each in self._schemas.items() if key[:2] in here}
        if before is not None:
            now = self._v3_etags()
            self._kept = {key: each for key, each in self._kept.items() if key in now and now[key] == before.get(key)}

    def v3_index(self) -> Document:
        """``/openapi/v3``: every group version with a URL that changes when its document does."""
        etags = self._v3_etags()
        urls = {key: f"/openapi/v3/{key}?hash={tag.strip(chr(34))}" for key, tag in etags.items()}
        body = jsondocs.encode(v3.index(urls))
        return _compressed(body, "application/json", _digest(body))

    def v3(self, key: str, accept: str = "") -> Document | None:
        """``/openapi/v3/KEY``, such as ``apis/apps/v1``; None: nothing of that group version is served.

        The etag is what the index calls the hash. Raises StatusError 406 to who wants protobuf only.
        """
        if not any(clause.includes(mediatypes.JSON) for clause in mediatypes.accept(accept)):
            raise not_acceptable((mediatypes.JSON,))
        tag = self._v3_etags().get(key)
        if tag is None:
            return None
        if key not in self._kept:
            group_version = _group_version(key)
            made = v3.document(self._served(group_version), group_version, self._version)
            self._kept[key] = _compressed(jsondocs.encode(made), mediatypes.JSON, tag)
        return self._kept[key]

    def v2(self, accept: str = "") -> Document:
        """``/openapi/v2``, as JSON or protobuf. Raises StatusError 406."""
        for clause in mediatypes.accept(accept):
            if clause.includes(mediatypes.JSON):
                return self._v2(mediatypes.JSON)
            if clause.type in (gnostic.CONTENT_TYPE, gnostic.OLD_CONTENT_TYPE):
                return self._v2(gnostic.CONTENT_TYPE)
        raise not_acceptable((mediatypes.JSON, gnostic.CONTENT_TYPE))

    def _v2(self, media_type: str) -> Document:
        if media_type not in self._kept:
            made = v2.document(self._kinds(), self._version)
            body = jsondocs.encode(made) if media_type == mediatypes.JSON else gnostic.encode(made)
            self._kept[media_type] = _compressed(body, media_type, _digest(body))
        return self._kept[media_type]

    def _served(self, group_version: GroupVersion) -> list[tuple[Kind, Version]]:
        return discovery.served(self._kinds(), group_version)

    def _v3_etags(self) -> dict[str, str]:
        """Of what documents are made from: there is no need to make them all to know which have changed."""
        if self._etags is None:
            groups = discovery.groups(self._kinds())
            found = [GroupVersion(group, version) for group, versions in groups.items() for version in versions]
            self._etags = {_key(each): self._etag(each) for each in found}
        return self._etags

    def _etag(self, group_version: GroupVersion) -> str:
        parts = [f"{wherry.__version__} {self._version}".encode()]
        for kind, version in self._served(group_version):
            facts = (
                kind.plural,
                kind.kind,
                kind.namespaced,
                kind.verbs,
                kind.has_status,
                kind.scale,
                kind.subresources,
            )
            parts.append(repr(facts).encode())
            if version.openapi is not None:
                parts.append(self._schema(kind, version))
        return _digest(b"\0".join(parts))

    def _schema(self, kind: Kind, version: Version) -> bytes:
        """The digest of a custom kind's schema: those of a group may be megabytes, and only one of them changes."""
        key = (kind.group, kind.plural, version.name)
        known = self._schemas.get(key)
        if known is None or known[0] is not version:
            assert version.openapi is not None
            known = self._schemas[key] = version, _digest(jsondocs.encode(version.openapi())).encode()
        return known[1]


def plain(document: Document) -> Document:
    """The same, not compressed."""
    if not document.encoding:
        return document
    return Document(gzip.decompress(document.body), document.content_type, document.etag)


def _compressed(body: bytes, content_type: str, tag: str) -> Document:
    return Document(gzip.compress(body, _GZIP_LEVEL, mtime=0), content_type, tag, "gzip")


def _digest(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest().upper()}"'


def _key(group_version: GroupVersion) -> str:
    return f"apis/{group_version}" if group_version.group else f"api/{group_version}"


def _group_version(key: str) -> GroupVersion:
    return GroupVersion.parse(key.partition("/")[2])
