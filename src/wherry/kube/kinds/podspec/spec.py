"""PodSpec and PodTemplateSpec as a whole."""

from collections.abc import Mapping, Sequence

import msgspec

from wherry.kube.kinds.checking import choice, optional_choice
from wherry.kube.kinds.podspec.annotations import validate_agreement, validate_annotations
from wherry.kube.kinds.podspec.containers import (
    Surroundings,
    validate_containers,
    validate_ephemeral_containers,
    validate_image_padding,
    validate_init_containers,
)
from wherry.kube.kinds.podspec.network import (
    DNS_POLICIES,
    validate_dns,
    validate_host_aliases,
    validate_host_names,
    validate_host_network,
)
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.kinds.podspec.resources import validate_overhead, validate_pod_resources
from wherry.kube.kinds.podspec.scheduling import (
    validate_affinity,
    validate_gates,
    validate_spread,
    validate_tolerations,
)
from wherry.kube.kinds.podspec.security import validate_host_users, validate_pod_security_context
from wherry.kube.kinds.podspec.volumes import validate_volumes
from wherry.kube.kinds.podspec.windows import validate_host_process, validate_os
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import LabelSelector

RESTART_POLICIES = ("Always", "Never", "OnFailure")
_PREEMPTION = ("Never", "PreemptLowerPriority")
_MAX_INT32 = 2**31 - 1


class PodContext(msgspec.Struct, frozen=True):
    """What a spec belongs to: a template, or (``is_pod``) a pod of this name."""

    is_pod: bool = False
    name: str = ""


_TEMPLATE = PodContext()


def validate_pod_template(template: Object | None, path: Path) -> list[FieldError]:
    """Of a PodTemplateSpec that has its defaults; ``path``: ``spec.template``, ``template`` …"""
    return _validate_template(template or {}, path)


@remembered
def _validate_template(template: Object, path: Path) -> list[FieldError]:
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    annotations = meta.get("annotations") or {}
    errors = names.validate_labels(meta.get("labels") or {}, path.child("labels"))
    errors += names.validate_annotations(annotations, path.child("annotations"))
    errors += validate_annotations(annotations, spec, path.child("annotations"))
    errors += validate_pod_spec(spec, path.child("spec"))
    errors += validate_agreement(annotations, spec, path.child("spec"))
    if spec.get("ephemeralContainers"):
        why = "ephemeral containers not allowed in pod template"
        errors.append(forbidden(path.child("spec", "ephemeralContainers"), why))
    return errors


def validate_pod_template_for_controller(
    template: Object | None, selector: LabelSelector | None, kind: str, path: Path
) -> list[FieldError]:
    """Of something that keeps pods running (``kind``: ReplicaSet …): the selector finds its pods (None: it is not
    asked), they restart always, and have no deadline."""
    if template is None:
        return [required(path)]
    labels = (template.get("metadata") or {}).get("labels") or {}
    errors: list[FieldError] = []
    if selector is not None and not selector.is_everything and not selector.matches(labels):
        why = "`selector` does not match template `labels`"
        errors.append(invalid(path.child("metadata", "labels"), labels, why))
    errors += validate_pod_template(template, path)
    spec = template.get("spec") or {}
    policy = spec.get("restartPolicy", "")
    if policy != "Always":
        errors.append(not_supported(path.child("spec", "restartPolicy"), policy, ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        why = f"activeDeadlineSeconds in {kind} is not Supported"
        errors.append(forbidden(path.child("spec", "activeDeadlineSeconds"), why))
    return errors


def validate_pod_spec(spec: Object, path: Path, context: PodContext = _TEMPLATE) -> list[FieldError]:
    """Of a PodSpec that has its defaults."""
    errors: list[FieldError] = []
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is None:
        errors.append(required(path.child("terminationGracePeriodSeconds")))
    valid: dict[str, Object] = {}
    if volumes := spec.get("volumes"):
        valid, found = validate_volumes(volumes, context.name, path.child("volumes"), is_pod=context.is_pod)
        errors += found
    claims = spec.get("resourceClaims") or ()
    errors += _validate_claims(claims, path.child("resourceClaims"))
    around = Surroundings(
        volumes=valid,
        claims={each["name"] for each in claims if each.get("name")},
        restart_policy=spec.get("restartPolicy", ""),
        host_users=spec.get("hostUsers") is not False,
        grace_seconds=grace,
        os=(spec.get("os") or {}).get("name", ""),
    )
    errors += _validate_all_containers(spec, around, path)
    errors += validate_pod_resources(spec, path.child("resources"))
    errors += validate_host_network(spec, path, is_pod=context.is_pod)
    errors += _validate_choices(spec, path)
    errors += validate_pod_security_context(spec, path.child("securityContext"))
    errors += _validate_placement(spec, path, is_pod=context.is_pod)
    errors += validate_host_process(spec, path)
    errors += validate_host_users(spec, path)
    return errors + _validate_names(spec, path) + _validate_rest(spec, path)


def _validate_all_containers(spec: Object, around: Surroundings, path: Path) -> list[FieldError]:
    regular, init = spec.get("containers") or (), spec.get("initContainers") or ()
    errors = validate_containers(regular, around, path.child("containers"))
    if init:
        errors += validate_init_containers(init, regular, around, path.child("initContainers"))
    if spec.get("ephemeralContainers"):
        errors += validate_ephemeral_containers(spec, around, path.child("ephemeralContainers"))
    return errors


def _validate_claims(claims: Sequence[Object], path: Path) -> list[FieldError]:
    """Of ``resourceClaims`` (devices)."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, claim in enumerate(claims):
        at, name = path.index(position), claim.get("name", "")
        if not name:
            errors.append(required(at.child("name")))
        elif name in seen:
            errors.append(duplicate(at.child("name"), name))
        else:
            errors += names.complain(at.child("name"), name, names.dns1123_label(name))
            seen.add(name)
        given = [each for each in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(each) is not None]
        if len(given) == 2:
            most = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            errors.append(invalid(at, claim, most))
        elif not given:
            one = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            errors.append(invalid(at, claim, one))
        for each in given:
            errors += names.complain(at.child(each), claim[each], names.dns1123_subdomain(claim[each]))
    return errors


def _validate_choices(spec: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    restart, dns = spec.get("restartPolicy", ""), spec.get("dnsPolicy", "")
    if restart not in RESTART_POLICIES:
        errors += choice(path.child("restartPolicy"), restart, RESTART_POLICIES)
    if dns not in DNS_POLICIES:
        errors += choice(path.child("dnsPolicy"), dns, DNS_POLICIES)
    errors += optional_choice(path.child("preemptionPolicy"), spec.get("preemptionPolicy"), _PREEMPTION)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        errors.append(invalid(path.child("activeDeadlineSeconds"), deadline, names.in_range(1, _MAX_INT32)))
    return errors


def _validate_placement(spec: Object, path: Path, *, is_pod: bool) -> list[FieldError]:
    errors = names.validate_labels(spec.get("nodeSelector") or {}, path.child("nodeSelector"))
    if affinity := spec.get("affinity"):
        errors += validate_affinity(affinity, path.child("affinity"))
    errors += validate_dns(spec, path.child("dnsConfig"))
    for position, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType", "")
        at = path.child("readinessGates").index(position).child("conditionType")
        errors += names.complain(at, kind, names.qualified_name(kind))
    if gates := spec.get("schedulingGates"):
        errors += validate_gates(gates, path.child("schedulingGates"))
    if constraints := spec.get("topologySpreadConstraints"):
        errors += validate_spread(constraints, path.child("topologySpreadConstraints"), is_pod=is_pod)
    if tolerations := spec.get("tolerations"):
        errors += validate_tolerations(tolerations, path.child("tolerations"))
    return errors


def _validate_names(spec: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("serviceAccountName", "nodeName", "priorityClassName"):
        if value := spec.get(name):
            errors += names.complain(path.child(name), value, names.dns1123_subdomain(value))
    runtime = spec.get("runtimeClassName")
    if runtime is not None:
        errors += names.complain(path.child("runtimeClassName"), runtime, names.dns1123_subdomain(runtime))
    return errors + validate_host_names(spec, path)


def _validate_rest(spec: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if aliases := spec.get("hostAliases"):
        errors += validate_host_aliases(aliases, path.child("hostAliases"))
    if overhead := spec.get("overhead"):
        errors += validate_overhead(overhead, path.child("overhead"))
    return errors + validate_os(spec, path)


def validate_for_pod(spec: Object, annotations: Mapping[str, str], path: Path) -> list[FieldError]:
    """What is asked of pods only, as templates were never asked for it. ``path`` is the spec's."""
    errors: list[FieldError] = []
    if not spec.get("serviceAccountName"):
        why = "must not be specified when serviceAccountName is not set"
        for position, volume in enumerate(spec.get("volumes") or ()):
            for index, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
                if source.get("serviceAccountToken") is not None:
                    at = path.child("volumes").index(position).child("projected", "sources").index(index)
                    errors.append(forbidden(at.child("serviceAccountToken"), why))
    for kind in ("containers", "initContainers"):
        for position, container in enumerate(spec.get(kind) or ()):
            errors += validate_image_padding(container, path.child(kind).index(position))
    return errors
