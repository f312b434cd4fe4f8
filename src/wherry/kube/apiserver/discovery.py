"""What is served, told to clients: plain discovery, and the aggregated one in two versions.

Upstream: k8s.io/apimachinery metav1.APIGroupList and others, k8s.io/api apidiscovery/v2; how groups and versions are
ordered: pkg/controlplane/apiserver/aggregator.go. All functions are pure; :class:`Discovery` keeps what they made.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from wherry.kube.apiserver.documents import Document, document
from wherry.kube.kinds import subresources
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery import jsondocs, mediatypes
from wherry.kube.machinery.model import GroupVersion, Object
from wherry.kube.machinery.status import not_acceptable

GROUP = "apidiscovery.k8s.io"
VERSIONS = ("v2", "v2beta1")
"""Of aggregated discovery, as an Accept header may name them."""

# The higher, the earlier; custom groups have 1000. apiregistration is upstream's own, and comes first.
_PRIORITIES = {
    "apiregistration.k8s.io": 20000,
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "admissionregistration.k8s.io": 16700,
    "apiextensions.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
    "internal.apiserver.k8s.io": 16000,
    "resource.k8s.io": 15900,
    "storagemigration.k8s.io": 15800,
}
_CUSTOM = 1000
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STABILITY = {None: 2, "beta": 1, "alpha": 0}


def version_order(version: str) -> tuple[int, int, int, int, str]:
    """A key that sorts versions as Kubernetes does: v2, v1, v2beta1, v1beta2, v1alpha1, then others by name."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return 1, 0, 0, 0, version
    return 0, -_STABILITY[match[2]], -int(match[1]), -int(match[3] or 0), version


def groups(kinds: Iterable[Kind]) -> dict[str, list[str]]:
    """Group → its versions: both in order, the preferred version first."""
    found: dict[str, set[str]] = {}
    for kind in kinds:
        found.setdefault(kind.group, set()).update(version.name for version in kind.versions)
    names = sorted(found, key=lambda group: (-_PRIORITIES.get(group, _CUSTOM), group))
    return {group: sorted(found[group], key=version_order) for group in names}


def priorities(kinds: Iterable[Kind]) -> dict[GroupVersion, tuple[int, int, bool]]:
    """Of each version that is served: its group's priority and its own, as an APIService has them (the higher, the
    earlier), and whether it is one of custom kinds. That of APIServices has none."""
    custom = {GroupVersion(kind.group, version.name): kind.custom for kind in kinds for version in kind.versions}
    return {
        known: (
            _PRIORITIES.get(known.group, _CUSTOM),
            100 if is_custom else _version_priority(known.version),
            is_custom,
        )
        for known, is_custom in custom.items()
        if known.group != "apiregistration.k8s.io"
    }


def _version_priority(version: str) -> int:
    """Upstream's numbers, for most: 15, 30 for v2, 9 for v1beta1, 1 for v1alpha1."""
    _, stability, major, minor, _ = version_order(version)
    return {2: 15 * -major, 1: 6 + 3 * -minor}.get(-stability, max(1, -minor))


def served(kinds: Iterable[Kind], group_version: GroupVersion) -> list[tuple[Kind, Version]]:
    """The kinds of a group version, by resource, each with that version of it."""
    found = [
        (kind, version)
        for kind in kinds
        if kind.group == group_version.group and (version := kind.version(group_version.version)) is not None
    ]
    return sorted(found, key=lambda each: each[0].plural)


# --- plain


def api_versions(address: str) -> Object:
    """``/api``. ``address`` is where the client reached the server: host and port."""
    where = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": where}


def api_group_list(kinds: Sequence[Kind]) -> Object:
    """``/apis``."""
    found = [_group(group, versions) for group, versions in groups(kinds).items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def api_group(kinds: Sequence[Kind], group: str) -> Object | None:
    """``/apis/GROUP``; None when there is no such group."""
    versions = groups(kinds).get(group) if group else None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions else None


def _group(group: str, versions: Sequence[str]) -> Object:
    named = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": named, "preferredVersion": named[0]}


def api_resource_list(kinds: Sequence[Kind], group_version: GroupVersion) -> Object | None:
    """``/api/v1``, ``/apis/GROUP/VERSION``; None when there is nothing of that version."""
    found = served(kinds, group_version)
    if not found:
        return None
    resources = [each for kind, version in found for each in _plain_resources(kind, version.name)]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": str(group_version)}
    return {**head, "resources": sorted(resources, key=lambda each: str(each["name"]))}


def _plain_resources(kind: Kind, version: str) -> list[Object]:
    main = {
        "name": kind.plural,
        "singularName": _singular(kind),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": sorted(kind.verbs),
        **_optional(shortNames=kind.short_names, categories=kind.categories),
    }
    return [main, *(_plain_subresource(kind, version, each) for each in subresources.of(kind))]


def _plain_subresource(kind: Kind, version: str, subresource: subresources.Subresource) -> Object:
    gvk = subresource.gvk_in(kind, version)
    own = gvk.group_version == GroupVersion(kind.group, version)
    return {
        "name": f"{kind.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        **({} if own else {"group": gvk.group, "version": gvk.version}),
        "kind": gvk.kind,
        "verbs": list(subresource.verbs),
    }


def _singular(kind: Kind) -> str:
    return kind.singular or kind.kind.lower()


def _optional(**lists: Sequence[str]) -> Object:
    return {name: list(values) for name, values in lists.items() if values}


# --- aggregated


def aggregated(kinds: Sequence[Kind], core: bool, version: str = "v2") -> Object:
    """``/api`` (``core``) or ``/apis`` with everything below; ``version`` is one of :data:`VERSIONS`."""
    items = [_discovered(kinds, group, names) for group, names in groups(kinds).items() if (group == "") == core]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"{GROUP}/{version}",
        "metadata": {},
        "items": items,
    }


def _discovered(kinds: Sequence[Kind], group: str, versions: Iterable[str]) -> Object:
    return {
        "metadata": {"name": group} if group else {},
        "versions": [
            {
                "version": version,
                "resources": [_resource(kind, version) for kind, _ in served(kinds, GroupVersion(group, version))],
                "freshness": "Current",
            }
            for version in versions
        ],
    }


def _resource(kind: Kind, version: str) -> Object:
    below = [_subresource(kind, version, each) for each in subresources.of(kind)]
    return {
        "resource": kind.plural,
        "responseKind": _response_kind(*kind.gvk(version)),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": _singular(kind),
        "verbs": sorted(kind.verbs),
        **_optional(shortNames=kind.short_names, categories=kind.categories),
        **({"subresources": below} if below else {}),
    }


def _subresource(kind: Kind, version: str, subresource: subresources.Subresource) -> Object:
    gvk = subresource.gvk_in(kind, version)
    return {"subresource": subresource.name, "responseKind": _response_kind(*gvk), "verbs": list(subresource.verbs)}


def _response_kind(group: str, version: str, kind: str) -> Object:
    return {"group": group, "version": version, "kind": kind}


# --- which of them


class Discovery:
    """The documents of what is served now, made when asked for and kept until :meth:`changed`."""

    def __init__(self, kinds: Callable[[], Sequence[Kind]]) -> None:
        self._kinds = kinds
        self._kept: dict[tuple[str, str], Document | None] = {}

    def changed(self) -> None:
        """Other kinds are served now."""
        self._kept.clear()

    def groups(self) -> dict[str, list[str]]:
        """Those that are served, with their versions; see :func:`groups`."""
        return groups(self._kinds())

    def has_routes(self, group: str) -> bool:
        """See :meth:`wherry.kube.apiserver.kinds.Kinds.has_routes`."""
        return any(kind.group == group and not kind.custom for kind in self._kinds())

    def find(self, path: str, accept: str = "", address: str = "") -> Document | None:
        """What a path below ``/api`` and ``/apis`` shows to a client of that Accept header; None: no such path.

        ``address`` is for ``/api``: where the client reached the server. Raises StatusError 406.
        """
        path = "/" + path.strip("/")
        version = _version_wanted(accept) if path in ("/api", "/apis") else ""
        if path == "/api" and not version:
            return document(jsondocs.encode(api_versions(address)))
        if (path, version) not in self._kept:
            made = self._make(path, version)
            if made is None:
                return None  # not kept: there is no end of paths
            self._kept[path, version] = made
        return self._kept[path, version]

    def _make(self, path: str, version: str) -> Document | None:
        kinds = self._kinds()
        if version:
            body = jsondocs.encode(aggregated(kinds, path == "/api", version))
            return document(body, f"application/json;g={GROUP};v={version};as=APIGroupDiscoveryList")
        made = _plain(kinds, path.split("/")[1:])
        return None if made is None else document(jsondocs.encode(made))


def _plain(kinds: Sequence[Kind], parts: Sequence[str]) -> Object | None:
    match parts:
        case ["apis"]:
            return api_group_list(kinds)
        case ["apis", group]:
            return api_group(kinds, group)
        case ["apis", group, version]:
            return api_resource_list(kinds, GroupVersion(group, version))
        case ["api", version]:
            return api_resource_list(kinds, GroupVersion("", version))
    return None


def _version_wanted(accept: str) -> str:
    """The version of aggregated discovery; empty: plain. Raises StatusError 406."""
    for clause in mediatypes.accept(accept):
        if not clause.includes(mediatypes.JSON):
            continue
        if "as" not in clause.parameters:
            return ""
        if _is_aggregated(clause.parameters):
            return clause.parameters["v"]
    raise not_acceptable((mediatypes.JSON,))


def _is_aggregated(parameters: Mapping[str, str]) -> bool:
    wanted = parameters.get("g"), parameters.get("as")
    return wanted == (GROUP, "APIGroupDiscoveryList") and parameters.get("v") in VERSIONS
