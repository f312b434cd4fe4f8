"""Services on their way to the store (pkg/registry/core/service/strategy.go)."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import address_warnings, network_warnings
from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.service import preparing
from wherry.kube.kinds.service.facts import is_external
from wherry.kube.kinds.service.status import validate_balancer
from wherry.kube.kinds.service.validation import validate_service, validate_service_update
from wherry.kube.kinds.uncounted import Uncounted
from wherry.kube.machinery.fielderrors import FieldError, Path
from wherry.kube.machinery.model import Object

AFFINITY_SECONDS = 10800
_SPEC = Path("spec")


class ServiceStrategy(Uncounted):
    """Addresses and node ports are given between admission and validation: see ``allocation.py``."""

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        set_default(spec, sessionAffinity="None", type="ClusterIP")
        _default_affinity(spec)
        for port in spec.get("ports") or ():
            set_default(port, protocol="TCP")
            if port.get("targetPort") in (None, 0, ""):
                port["targetPort"] = port.get("port", 0)
        if is_external(spec):
            set_default(spec, externalTrafficPolicy="Cluster")
        if spec.get("internalTrafficPolicy") is None and spec["type"] != "ExternalName":
            spec["internalTrafficPolicy"] = "Cluster"
        if spec["type"] == "LoadBalancer":
            if spec.get("allocateLoadBalancerNodePorts") is None:
                spec["allocateLoadBalancerNodePorts"] = True
            for each in ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
                if each.get("ip") and each.get("ipMode") is None:
                    each["ipMode"] = "VIP"

    def prepare_create(self, obj: Object, context: Context) -> None:
        super().prepare_create(obj, context)
        obj["status"] = {"loadBalancer": {}}
        preparing.sync_addresses(obj["spec"], None)

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        spec, before = obj["spec"], old.get("spec") or {}
        preparing.sync_addresses(spec, before)
        preparing.keep_allocated(spec, before)
        preparing.drop_what_the_type_lacks(spec, before)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return validate_service(obj)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return validate_service_update(obj, old)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return validate_balancer((obj.get("status") or {}).get("loadBalancer") or {}, obj.get("spec") or {})

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        spec = obj.get("spec") or {}
        found = _addresses(spec, "clusterIPs")
        is_headless = spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None"
        if is_headless:
            ignored = [name for name in ("loadBalancerIP", "externalIPs") if spec.get(name)]
            ignored += ["SessionAffinity"] if spec.get("sessionAffinity", "None") != "None" else []
            found += [f"spec.{name} is ignored for headless services" for name in ignored]
        found += _addresses(spec, "externalIPs")
        if spec.get("externalIPs") and not is_headless and spec.get("type") != "ExternalName":
            found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
        for position, each in enumerate(spec.get("loadBalancerSourceRanges") or ()):
            found += network_warnings(_SPEC.child("loadBalancerSourceRanges").index(position), each)
        if spec.get("type") == "ExternalName" and spec.get("externalIPs"):
            found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
        if spec.get("type") != "ExternalName" and spec.get("externalName"):
            found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
        if spec.get("trafficDistribution") == "PreferClose":
            found.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
        return found


def _addresses(spec: Object, name: str) -> list[str]:
    found: list[str] = []
    for position, each in enumerate(spec.get(name) or ()):
        found += address_warnings(_SPEC.child(name).index(position), each) if each != "None" else []
    return found


def _default_affinity(spec: Object) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}}
