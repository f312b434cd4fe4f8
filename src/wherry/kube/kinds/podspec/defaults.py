"""Defaults of PodSpec and what is in it (pkg/apis/core/v1/defaults.go and zz_generated.defaults.go)."""

import re

from wherry.kube.kinds.checking import canonical_resources, set_default
from wherry.kube.machinery import quantity
from wherry.kube.machinery.model import Object

FILE_MODE = 0o644
TOKEN_SECONDS = 3600
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/|\[[A-Fa-f0-9:]+\](?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?P<digest>@[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
_LONGEST_IMAGE = 2048  # characters; bounds the time the expression takes


def default_pod_template(template: Object) -> None:
    """Of a PodTemplateSpec."""
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))


def default_pod_spec(spec: Object) -> None:
    """Fill in what every PodSpec gets, in a pod or in a template. Idempotent."""
    set_default(
        spec,
        dnsPolicy="ClusterFirst",
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        schedulerName="default-scheduler",
    )
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    _mirror_account(spec)
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            default_container(container)
    canonical_resources(spec.get("overhead"))
    if resources := spec.get("resources"):
        canonical_resources(resources.get("limits"))
        canonical_resources(resources.get("requests"))


def _mirror_account(spec: Object) -> None:
    """``serviceAccount`` is the old name of ``serviceAccountName``: both are always shown."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def pull_policy(image: str) -> str:
    """``Always`` for the tag ``latest``, which is meant when there is neither tag nor digest."""
    found = _IMAGE.fullmatch(image) if len(image) <= _LONGEST_IMAGE else None
    if found is None:
        return "IfNotPresent"
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def default_container(container: Object) -> None:
    set_default(container, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image", ""))
    for port in container.get("ports") or ():
        set_default(port, protocol="TCP")
    for variable in container.get("env") or ():
        if source := variable.get("valueFrom"):
            _default_field(source.get("fieldRef"))
            _default_divisor(source.get("resourceFieldRef"))
            if file := source.get("fileKeyRef"):
                file.setdefault("optional", False)
    resources = container.get("resources")
    if resources is None:
        container["resources"] = {}  # no omitempty there: clients see it, and patches rely on it
    else:
        canonical_resources(resources.get("limits"))
        canonical_resources(resources.get("requests"))
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if (probe := container.get(kind)) is not None:
            _default_probe(probe)
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict) and handler.get("httpGet") is not None:
            set_default(handler["httpGet"], path="/", scheme="HTTP")


_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def _default_probe(probe: Object) -> None:
    for name, value in _PROBE.items():
        if not probe.get(name):
            probe[name] = value
    if probe.get("httpGet") is not None:
        set_default(probe["httpGet"], path="/", scheme="HTTP")
    if probe.get("grpc") is not None:
        probe["grpc"].setdefault("service", "")


def _default_field(reference: Object | None) -> None:
    if reference is not None:
        set_default(reference, apiVersion="v1")


def _default_divisor(reference: Object | None) -> None:
    """A quantity that is always written: zero when it was left out."""
    if reference is not None:
        try:
            reference["divisor"] = quantity.canonical(reference.get("divisor") or "0")
        except ValueError:
            return  # validation says so


_SOURCES: dict[str, Object] = {
    "hostPath": {"type": ""},
    "secret": {"defaultMode": FILE_MODE},
    "configMap": {"defaultMode": FILE_MODE},
    "downwardAPI": {"defaultMode": FILE_MODE},
    "projected": {"defaultMode": FILE_MODE},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def default_volume(volume: Object) -> None:
    """A volume without a source is an empty directory."""
    kinds = [kind for kind, source in volume.items() if kind != "name" and source is not None]
    if not kinds:
        volume["emptyDir"] = {}
    for kind in kinds:
        default_source(kind, volume[kind])


def default_source(kind: str, source: Object) -> None:
    """Of a volume's or a PersistentVolume's source, named as the API names it."""
    for name, value in _SOURCES.get(kind, {}).items():
        if source.get(name) is None:
            source[name] = value
    if kind == "emptyDir":
        _default_size(source)
    elif kind == "image" and not source.get("pullPolicy"):
        source["pullPolicy"] = pull_policy(source.get("reference", ""))
    elif kind == "downwardAPI":
        _default_files(source)
    elif kind == "projected":
        _default_projections(source)
    elif kind == "ephemeral" and source.get("volumeClaimTemplate") is not None:
        template = source["volumeClaimTemplate"]
        template.setdefault("metadata", {})
        default_claim_spec(template.setdefault("spec", {}))


def _default_size(source: Object) -> None:
    if source.get("sizeLimit") is not None:
        try:
            source["sizeLimit"] = quantity.canonical(source["sizeLimit"])
        except ValueError:
            return  # validation says so


def _default_files(source: Object) -> None:
    for item in source.get("items") or ():
        _default_field(item.get("fieldRef"))
        _default_divisor(item.get("resourceFieldRef"))


def _default_projections(source: Object) -> None:
    for each in source.get("sources") or ():
        if each.get("downwardAPI") is not None:
            _default_files(each["downwardAPI"])
        token = each.get("serviceAccountToken")
        if token is not None and token.get("expirationSeconds") is None:
            token["expirationSeconds"] = TOKEN_SECONDS


def default_claim_spec(spec: Object) -> None:
    """Of a PersistentVolumeClaimSpec, in a claim or in a template."""
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    resources = spec.setdefault("resources", {})
    canonical_resources(resources.get("limits"))
    canonical_resources(resources.get("requests"))


def default_pod(pod: Object) -> None:
    """What a Pod gets besides, and a template does not: requests from limits, service links, host ports."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or ():
            _requests_from_limits(container["resources"])
            if spec.get("hostNetwork"):
                _host_ports(container)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True


def _requests_from_limits(resources: Object) -> None:
    limits = resources.get("limits")
    if limits is not None:
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _host_ports(container: Object) -> None:
    for port in container.get("ports") or ():
        if not port.get("hostPort") and port.get("containerPort"):
            port["hostPort"] = port["containerPort"]
