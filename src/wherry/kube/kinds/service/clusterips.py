"""Addresses of a service and their families, and how they may change (ValidateServiceClusterIPsRelatedFields)."""

from wherry.kube.kinds.addresses import address, read
from wherry.kube.kinds.checking import optional_choice
from wherry.kube.kinds.rules import repeated
from wherry.kube.kinds.service.facts import NO_ADDRESS, is_headless
from wherry.kube.machinery.fielderrors import FieldError, Path, duplicate, invalid, not_supported, required
from wherry.kube.machinery.model import Object

FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_SPEC = Path("spec")
_IPS, _FAMILIES, _POLICY = (_SPEC.child(name) for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"))
_ONCE = "may not change once set"


def family_of(ip: str) -> str:
    """Of a valid address."""
    found = read(ip)
    return "IPv6" if found is not None and found.version == 6 else "IPv4"


def validate_cluster_ips(spec: Object) -> list[FieldError]:
    """Nothing is asked of services that stand for a name."""
    if spec.get("type") == "ExternalName":
        return []
    ips, families = spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    errors = _validate_sync(spec.get("clusterIP", ""), ips)
    twice = {position for position, _ in repeated(families)}
    for position, family in enumerate(families):
        if family not in FAMILIES:
            errors.append(not_supported(_FAMILIES.index(position), family, FAMILIES))
        if position in twice:
            errors.append(duplicate(_FAMILIES.index(position), family))
    errors += optional_choice(_POLICY, spec.get("ipFamilyPolicy"), _POLICIES)
    wrong: list[FieldError] = []
    for position, ip in enumerate(ips):
        if position == 0 and ip == NO_ADDRESS:
            if len(ips) > 1:
                wrong.append(invalid(_IPS, ips, "'None' must be the first and only value"))
        else:
            wrong += address(_IPS.index(position), ip)
    errors += wrong
    if len(ips) > 2:
        errors.append(invalid(_IPS, ips, "may only hold up to 2 values"))
    return errors if wrong else errors + _validate_families(spec, ips, families)


def _validate_sync(one: str, many: list[str]) -> list[FieldError]:
    if one and not many:
        return [required(_IPS)]
    if one and many[0] != one:
        return [invalid(_IPS, many, "first value must match `clusterIP`")]
    return [invalid(_IPS, many, "must be empty when `clusterIP` is not specified")] if many and not one else []


def _validate_families(spec: Object, ips: list[str], families: list[str]) -> list[FieldError]:
    errors: list[FieldError] = []
    if len(ips) > 1 and len({family_of(ip) for ip in ips}) != len(ips):
        errors.append(invalid(_IPS, ips, "may specify no more than one IP for each IP family"))
    if is_headless(spec):
        return errors
    for position, (ip, family) in enumerate(zip(ips, families, strict=False)):
        if family in FAMILIES and family_of(ip) != family:
            expected = f"expected an {family} value as indicated by `ipFamilies[{position}]`"
            errors.append(invalid(_IPS.index(position), ip, expected))
    return errors


def validate_cluster_ips_update(spec: Object, before: Object) -> list[FieldError]:
    """The first address and family stay; a second may come and go. Not so for services that stand for a name."""
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return []
    headless, was_headless = is_headless(spec), is_headless(before)
    errors: list[FieldError] = []
    if not (headless and was_headless):
        errors += _validate_changes("clusterIPs", "clusterIP", spec, before)
    if not headless and not was_headless:
        errors += _validate_changes("ipFamilies", "ipFamily", spec, before)
    return errors


def _validate_changes(field: str, noun: str, spec: Object, before: Object) -> list[FieldError]:
    new, old = spec.get(field) or [], before.get(field) or []
    at, policy = _SPEC.child(field), spec.get("ipFamilyPolicy")
    if len(new) == len(old):
        return [invalid(at.index(n), new, _ONCE) for n, (a, b) in enumerate(zip(new, old, strict=True)) if a != b]
    errors: list[FieldError] = []
    if not new:
        errors.append(invalid(at.index(0), new, f"primary {noun} can not be unset"))
    elif old and new[0] != old[0]:
        errors.append(invalid(at.index(0), new, _ONCE))
    if len(old) > len(new) == 1 and policy != "SingleStack":
        must = f"must be set to 'SingleStack' when releasing the secondary {noun}"
        errors.append(invalid(_POLICY, policy, must))
    return errors
