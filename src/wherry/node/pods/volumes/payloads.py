"""What is in the volumes that are made of objects: config maps, secrets, the downward API, projections of these."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from wherry.kit.errors import Invalid, NotFound
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing import environment
from wherry.node.pods.composing.fields import Surroundings, field_value, resource_value
from wherry.node.pods.references import Reference
from wherry.node.pods.view import members
from wherry.node.pods.volumes.atomic import File

KINDS = ("configMap", "secret", "downwardAPI", "projected")
_FILE_MODE = 0o644
_TOKEN_MODE, _OWN_GROUP_MODE, _OWN_MODE = 0o644, 0o640, 0o600
_GROUP_READS = 0o440
_CERTIFICATE_PATHS = ("credentialBundlePath", "keyPath", "certificateChainPath")
_WORDS = {"configmaps": "configmap", "secrets": "secret"}
_MISSING = {
    "configmaps": "configmap references non-existent config",
    "secrets": "references non-existent secret",
}
"""pkg/volume/configmap and pkg/volume/secret (MakePayload): the second says no kind."""


@dataclass(frozen=True, slots=True)
class TokenNeed:
    """Of a service account of the pod's. ``audience`` empty: the API's."""

    audience: str
    seconds: int


@dataclass(frozen=True, slots=True)
class BundleNeed:
    """Of certificates of authorities: the bundle of this ``name``, or those of a ``signer`` whose labels match
    ``selector`` (JSON; empty: none does). ``optional``: there need be none."""

    name: str = ""
    signer: str = ""
    selector: bytes = b""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class CertificateNeed:
    """Of a key of the pod's own, and a certificate for it. ``place``: the volume, and a path in it, which nothing else
    has. ``seconds``: its longest life; None: the API knows. ``annotations`` are for the signer."""

    place: tuple[str, str]
    signer: str
    key_type: str
    seconds: int | None = None
    annotations: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Credential:
    """A private key and the chain of its certificate, PEM."""

    key: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """Where the files come from. ``token``, ``bundle`` and ``certificate`` give what has been asked for before."""

    find: Callable[[str, str], Object | None]
    around: Surroundings
    token: Callable[[TokenNeed], str]
    bundle: Callable[[BundleNeed], bytes] = lambda need: b""
    certificate: Callable[[CertificateNeed], Credential] = lambda need: Credential(b"", b"")


def source_kind(volume: Object) -> str:
    """Which of its sources a volume has, as the API names it."""
    return next((kind for kind, source in volume.items() if kind != "name" and source is not None), "emptyDir")


def used(pod: Object) -> list[Object]:
    """The volumes that a container mounts: others are not set up (GetPodVolumeNames)."""
    names: set[str] = set()
    for member in members(pod):
        for kind in ("volumeMounts", "volumeDevices"):
            names |= {each["name"] for each in member.container.get(kind) or ()}
    return [volume for volume in pod["spec"].get("volumes") or () if volume["name"] in names]


def _sources(volume: Object) -> Iterator[tuple[str, Object]]:
    """The parts of a projection, or the volume's own source."""
    kind = source_kind(volume)
    if kind != "projected":
        yield kind, volume[kind] or {}
        return
    for each in (volume[kind] or {}).get("sources") or ():
        yield from ((part, source) for part, source in each.items() if source is not None)


def references(pod: Object) -> set[Reference]:
    """Of all volumes that are made of objects."""
    namespace, found = pod["metadata"]["namespace"], set[Reference]()
    for volume in used(pod):
        for kind, source in _sources(volume) if source_kind(volume) in KINDS else ():
            name = source.get("name") or source.get("secretName")
            if kind in ("configMap", "secret") and name:
                found.add(Reference("configmaps" if kind == "configMap" else "secrets", namespace, name))
    return found


def tokens(pod: Object) -> set[TokenNeed]:
    """That the volumes of the pod hold."""
    volumes = [volume for volume in used(pod) if source_kind(volume) == "projected"]
    sources = (part for volume in volumes for part in _sources(volume))
    return {token_need(source) for kind, source in sources if kind == "serviceAccountToken"}


def token_need(source: Object) -> TokenNeed:
    return TokenNeed(source.get("audience") or "", int(source.get("expirationSeconds") or 3600))


def bundles(pod: Object) -> set[BundleNeed]:
    """That the volumes of the pod hold."""
    return {need for volume in used(pod) for need in bundles_of(volume)}


def bundles_of(volume: Object) -> set[BundleNeed]:
    if source_kind(volume) != "projected":
        return set()
    return {bundle_need(source) for kind, source in _sources(volume) if kind == "clusterTrustBundle"}


def bundle_need(source: Object) -> BundleNeed:
    selector, optional = source.get("labelSelector"), bool(source.get("optional"))
    if source.get("name"):
        return BundleNeed(source["name"], optional=optional)
    encoded = b"" if selector is None else msgspec.json.encode(selector)
    return BundleNeed(signer=source.get("signerName") or "", selector=encoded, optional=optional)


def certificates(volume: Object) -> list[CertificateNeed]:
    """That a volume holds."""
    if source_kind(volume) != "projected":
        return []
    return [certificate_need(volume, source) for kind, source in _sources(volume) if kind == "podCertificate"]


def certificate_need(volume: Object, source: Object) -> CertificateNeed:
    seconds = source.get("maxExpirationSeconds")
    return CertificateNeed(
        (volume["name"], next(source[name] for name in _CERTIFICATE_PATHS if source.get(name))),
        source.get("signerName") or "", source.get("keyType") or "", None if seconds is None else int(seconds),
        tuple(sorted((source.get("userAnnotations") or {}).items())),
    )  # fmt: skip


def files(pod: Object, volume: Object, contents: Contents) -> dict[str, File]:
    """By path. Raises NotFound for what is not there and has to be; Invalid for what is not supported."""
    kind = source_kind(volume)
    mode = int((volume[kind] or {}).get("defaultMode") or _FILE_MODE)
    found: dict[str, File] = {}
    for part, source in _sources(volume):
        if part in ("configMap", "secret"):
            found.update(_of_object(part, source, mode, contents))
        elif part == "downwardAPI":
            found.update(_of_pod(pod, source, mode, contents.around))
        elif part == "serviceAccountToken":
            token = contents.token(token_need(source)).encode()
            found[source["path"]] = _own_file(pod, token, _TOKEN_MODE)
        elif part == "clusterTrustBundle":
            found[source["path"]] = File(contents.bundle(bundle_need(source)), mode)
        elif part == "podCertificate":
            credential = contents.certificate(certificate_need(volume, source))
            parts = (credential.key + credential.chain, credential.key, credential.chain)
            for name, data in zip(_CERTIFICATE_PATHS, parts, strict=True):
                if source.get(name):
                    found[source[name]] = _own_file(pod, data, mode)
        else:
            raise Invalid(f"projections of a {part} are not supported")
    group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
    return found if group is None else {path: _of_group(file, group) for path, file in found.items()}


def _of_group(file: File, group: int) -> File:
    return File(file.data, file.mode | _GROUP_READS, (file.owner[0], group))


def _of_object(part: str, source: Object, mode: int, contents: Contents) -> Mapping[str, File]:
    kind = "configmaps" if part == "configMap" else "secrets"
    name = source.get("name") or source.get("secretName") or ""
    holder, optional = contents.find(kind, name), bool(source.get("optional"))
    if holder is None:
        if optional:
            return {}
        raise NotFound(f'{_WORDS[kind]} "{name}" not found')
    values = environment.data(kind, holder)
    items: Iterable[Object] = source.get("items") or [{"key": key, "path": key} for key in values]
    found: dict[str, File] = {}
    for item in items:
        if item["key"] in values:
            found[item["path"]] = File(values[item["key"]], _mode(item, mode))
        elif not optional:
            raise NotFound(f"{_MISSING[kind]} key: {item['key']}")
    return found


def _mode(item: Object, usual: int) -> int:
    own = item.get("mode")
    return usual if own is None else int(own)


def _of_pod(pod: Object, source: Object, mode: int, around: Surroundings) -> Mapping[str, File]:
    found: dict[str, File] = {}
    containers = {member.name: member.container for member in members(pod)}
    for item in source.get("items") or ():
        if item.get("fieldRef") is not None:
            value = field_value(pod, item["fieldRef"].get("fieldPath", ""), around)
        else:
            reference = item.get("resourceFieldRef") or {}
            container = containers.get(reference.get("containerName", ""))
            if container is None:
                raise Invalid(f"cannot find container {reference.get('containerName', '')}")
            value = resource_value(container, reference, around)
        found[item["path"]] = File(value.encode(), _mode(item, mode))
    return found


def _own_file(pod: Object, data: bytes, mode: int) -> File:
    """A token, or a key. For all to read, as ``mode`` says, unless it is known who has to (pkg/volume/projected:
    fsGroup, or one user of all containers)."""
    if (pod["spec"].get("securityContext") or {}).get("fsGroup") is not None:
        return File(data, _OWN_GROUP_MODE)
    whole = (pod["spec"].get("securityContext") or {}).get("runAsUser")
    users = {(member.container.get("securityContext") or {}).get("runAsUser", whole) for member in members(pod)}
    user = users.pop() if len(users) == 1 else None
    return File(data, mode) if user is None else File(data, _OWN_MODE, (user, 0))
