"""What is wrong with a service (ValidateService, ValidateServiceUpdate)."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import address, endpoint_address, network
from wherry.kube.kinds.checking import choice, optional_choice, port_number_or_name
from wherry.kube.kinds.service.clusterips import validate_cluster_ips, validate_cluster_ips_update
from wherry.kube.kinds.service.facts import is_external, is_headless, needs_health_check
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_SPEC, _PORTS = Path("spec"), Path("spec").child("ports")
_ANNOTATIONS = Path("metadata").child("annotations")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameNode", "PreferSameZone")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MOST_AFFINITY_SECONDS = 86400
_SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_ONLY_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def validate_service(service: Object) -> list[FieldError]:
    spec, kind = service.get("spec") or {}, (service.get("spec") or {}).get("type", "")
    annotations = service["metadata"].get("annotations") or {}
    errors: list[FieldError] = []
    if _HINTS in annotations and _MODE in annotations and annotations[_HINTS] != annotations[_MODE]:
        why = f"must match annotations[{_HINTS}] when both are specified"
        errors.append(invalid(_ANNOTATIONS.key(_MODE), annotations[_MODE], why))
    if not spec.get("ports") and not is_headless(spec) and kind != "ExternalName":
        errors.append(required(_PORTS))
    errors += _validate_type(spec, kind)
    errors += _validate_ports(spec.get("ports") or ())
    errors += names.validate_labels(spec.get("selector") or {}, _SPEC.child("selector"))
    errors += _validate_affinity(spec)
    errors += validate_cluster_ips(spec)
    for position, each in enumerate(spec.get("externalIPs") or ()):
        at = _SPEC.child("externalIPs").index(position)
        errors += address(at, each) or endpoint_address(at, each)
    errors += choice(_SPEC.child("type"), kind, _TYPES)
    errors += _validate_unique_ports(spec, kind)
    errors += _validate_balancer_fields(spec, annotations)
    return errors + _validate_policies(spec)


def _validate_type(spec: Object, kind: str) -> list[FieldError]:
    if kind in ("LoadBalancer", "NodePort"):
        if is_headless(spec):
            why = f"may not be set to 'None' for {kind} services"
            return [invalid(_SPEC.child("clusterIPs").index(0), "None", why)]
        return []
    if kind != "ExternalName":
        return []
    why = "may not be set for ExternalName services"
    fields = ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
    errors = [forbidden(_SPEC.child(name), why) for name in fields if spec.get(name)]
    name = spec.get("externalName", "").removesuffix(".")
    if not name:
        return [*errors, required(_SPEC.child("externalName"))]
    return errors + names.complain(_SPEC.child("externalName"), name, names.dns1123_subdomain(name))


def _validate_ports(ports: Sequence[Object]) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, port in enumerate(ports):
        at, name, number = _PORTS.index(position), port.get("name", ""), port.get("port", 0)
        if name:
            errors += names.complain(at.child("name"), name, names.dns1123_label(name))
            if name in seen:
                errors.append(duplicate(at.child("name"), name))
            seen.add(name)
        elif len(ports) > 1:
            errors.append(required(at.child("name")))
        errors += names.complain(at.child("port"), number, names.port_number(number))
        errors += choice(at.child("protocol"), port.get("protocol", ""), _PROTOCOLS)
        errors += port_number_or_name(at.child("targetPort"), port.get("targetPort", 0))
        protocol = port.get("appProtocol")
        if protocol is not None:
            errors += names.complain(at.child("appProtocol"), protocol, names.qualified_name(protocol))
    return errors


def _validate_unique_ports(spec: Object, kind: str) -> list[FieldError]:
    ports = spec.get("ports") or ()
    errors: list[FieldError] = []
    if kind == "ClusterIP":
        why = "may not be used when `type` is 'ClusterIP'"
        holders = [position for position, port in enumerate(ports) if port.get("nodePort")]
        errors += [forbidden(_PORTS.index(position).child("nodePort"), why) for position in holders]
    on_nodes: set[tuple[str, int]] = set()
    for position, port in enumerate(ports):
        if number := port.get("nodePort"):
            key = (port.get("protocol", ""), number)
            if key in on_nodes:
                errors.append(duplicate(_PORTS.index(position).child("nodePort"), number))
            on_nodes.add(key)
    seen: set[tuple[str, int]] = set()
    for position, port in enumerate(ports):
        key = (port.get("protocol", ""), port.get("port", 0))
        if key in seen:
            errors.append(duplicate(_PORTS.index(position), {"protocol": key[0], "port": key[1]}))
        seen.add(key)
    return errors


def _validate_affinity(spec: Object) -> list[FieldError]:
    affinity, config = spec.get("sessionAffinity", ""), spec.get("sessionAffinityConfig")
    errors = choice(_SPEC.child("sessionAffinity"), affinity, _AFFINITIES)
    at = _SPEC.child("sessionAffinityConfig")
    if affinity == "None" and config is not None:
        errors.append(forbidden(at, "must not be set when session affinity is None"))
    if affinity != "ClientIP":
        return errors
    for name in ("clientIP", "timeoutSeconds"):
        if config is None:
            return [*errors, required(at, "when session affinity type is ClientIP")]
        at, config = at.child(name), config.get(name)
    if config is None:
        return [*errors, required(at, "when session affinity type is ClientIP")]
    if not 0 < config <= _MOST_AFFINITY_SECONDS:
        most = f"must be greater than 0 and less than {_MOST_AFFINITY_SECONDS}"
        errors.append(invalid(at, config, most))
    return errors


def _validate_balancer_fields(spec: Object, annotations: Object) -> list[FieldError]:
    is_balancer = spec.get("type") == "LoadBalancer"
    ranges, at = spec.get("loadBalancerSourceRanges") or (), _SPEC.child("LoadBalancerSourceRanges")
    errors: list[FieldError] = []
    if ranges:
        if not is_balancer:
            errors.append(forbidden(at, _ONLY_BALANCER))
        for position, each in enumerate(ranges):
            errors += network(at.index(position), each.strip())
    elif _SOURCE_RANGES in annotations:
        at = _ANNOTATIONS.key(_SOURCE_RANGES)
        if not is_balancer:
            errors.append(forbidden(at, _ONLY_BALANCER))
        for each in filter(None, annotations[_SOURCE_RANGES].strip().split(",")):
            errors += network(at, each.strip())
    if not is_balancer and spec.get("allocateLoadBalancerNodePorts") is not None:
        errors.append(forbidden(_SPEC.child("allocateLoadBalancerNodePorts"), _ONLY_BALANCER))
    name, at = spec.get("loadBalancerClass"), _SPEC.child("loadBalancerClass")
    if name is not None and is_balancer:
        errors += names.complain(at, name, names.qualified_name(name))
    elif name is not None:
        errors.append(forbidden(at, _ONLY_BALANCER))
    return errors


def _validate_policies(spec: Object) -> list[FieldError]:
    external, at = spec.get("externalTrafficPolicy", ""), _SPEC.child("externalTrafficPolicy")
    errors: list[FieldError] = []
    if is_external(spec):
        errors += choice(at, external, _POLICIES)
    elif external:
        errors.append(invalid(at, external, "may only be set for externally-accessible services"))
    check, at = spec.get("healthCheckNodePort", 0), _SPEC.child("healthCheckNodePort")
    if check and needs_health_check(spec):  # none: one is given to it
        errors += names.complain(at, check, names.port_number(check))
    elif check:
        only = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        errors.append(invalid(at, check, only))
    internal, at = spec.get("internalTrafficPolicy"), _SPEC.child("internalTrafficPolicy")
    if internal is None and spec.get("type") in ("NodePort", "LoadBalancer", "ClusterIP"):
        errors.append(required(at))
    elif internal is not None and internal not in _POLICIES:
        errors.append(not_supported(at, internal, _POLICIES))
    distribution = spec.get("trafficDistribution")
    return errors + optional_choice(_SPEC.child("trafficDistribution"), distribution, _DISTRIBUTIONS)


def validate_service_update(service: Object, old: Object) -> list[FieldError]:
    spec, before = service.get("spec") or {}, old.get("spec") or {}
    errors = validate_cluster_ips_update(spec, before)
    if spec.get("type") == before.get("type") == "LoadBalancer":
        name = spec.get("loadBalancerClass")
        if name != before.get("loadBalancerClass"):
            errors.append(invalid(_SPEC.child("loadBalancerClass"), name, "may not change once set"))
    both = needs_health_check(spec) and needs_health_check(before)
    if both and spec.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
        errors.append(forbidden(_SPEC.child("healthCheckNodePort"), names.IMMUTABLE))
    return errors + validate_service(service)
