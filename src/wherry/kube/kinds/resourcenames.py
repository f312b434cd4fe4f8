"""Names of resources, and what quantities they may have (pkg/apis/core/helper, pkg/apis/core/validation)."""

from wherry.kube.kinds.checking import NOT_AN_INTEGER, read_quantity
from wherry.kube.machinery import names, quantity
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, not_supported

_CONTAINER = frozenset(("cpu", "memory", "ephemeral-storage"))
_COUNTED = frozenset(("pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps"))
_COUNTED_MORE = frozenset(("persistentvolumeclaims", "services.nodeports", "services.loadbalancers"))
_REQUESTS = frozenset(("requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage"))
_LIMITS = frozenset(("limits.cpu", "limits.memory", "limits.ephemeral-storage"))
_STANDARD = _CONTAINER | _COUNTED | _COUNTED_MORE | _REQUESTS | _LIMITS | {"storage"}
_QUOTA = _CONTAINER | _COUNTED | _COUNTED_MORE | _REQUESTS | _LIMITS
_INTEGER = _COUNTED | _COUNTED_MORE
_POD_LEVEL = ("cpu", "hugepages-", "memory")
HUGE_PAGES = "hugepages-"
_QUOTA_OF_HUGE_PAGES = ("hugepages-", "requests.hugepages-")


def is_huge_pages(name: str) -> bool:
    return name.startswith(HUGE_PAGES)


def is_native(name: str) -> bool:
    """Kubernetes' own: without a domain, or in kubernetes.io."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """A device's: ``example.com/gpu``. What a quota calls it must be a name, too."""
    if is_native(name) or name.startswith("requests."):
        return False
    return not names.qualified_name(f"requests.{name}")


def may_overcommit(name: str) -> bool:
    """Requests may be lower than limits."""
    return is_native(name) and not is_huge_pages(name)


def is_integer(name: str) -> bool:
    return name in _INTEGER or is_extended(name)


def is_standard_for_quota(name: str) -> bool:
    return name in _QUOTA or name.startswith(_QUOTA_OF_HUGE_PAGES)


def _validate_name(name: str, path: Path) -> list[FieldError]:
    if complaints := names.qualified_name(name):
        return names.complain(path, name, complaints)
    if "/" not in name and name not in _STANDARD and not name.startswith(_QUOTA_OF_HUGE_PAGES):
        return [invalid(path, name, "must be a standard resource type or fully qualified")]
    return []


def validate_resource_name(name: str, path: Path) -> list[FieldError]:
    """Of a resource anywhere."""
    return _validate_name(name, path)


def validate_container_resource_name(name: str, path: Path) -> list[FieldError]:
    if name in _CONTAINER:
        return []
    errors = _validate_name(name, path)
    if "/" not in name:
        if not is_huge_pages(name):
            errors.append(invalid(path, name, "must be a standard resource for containers"))
    elif not is_native(name) and not is_extended(name):
        errors.append(invalid(path, name, "doesn't follow extended resource name standard"))
    return errors


def validate_pod_resource_name(name: str, path: Path) -> list[FieldError]:
    """Of the resources of a pod as a whole."""
    errors = _validate_name(name, path)
    if not errors and name not in ("cpu", "memory") and not is_huge_pages(name):
        errors.append(not_supported(path, name, _POD_LEVEL))
    return errors


def validate_quota_resource_name(name: str, path: Path) -> list[FieldError]:
    errors = _validate_name(name, path)
    if "/" not in name and not is_standard_for_quota(name):
        errors.append(invalid(path, name, "must be a standard resource for quota"))
    return errors


def validate_amount(name: str, amount: quantity.Source, path: Path) -> list[FieldError]:
    """Not negative, and a whole number of what can only be counted."""
    found, errors = read_quantity(path, amount)
    if found.nano < 0:
        errors.append(invalid(path, str(found), names.NEGATIVE))
    if is_integer(name) and found.milli % 1000:
        errors.append(invalid(path, str(found), NOT_AN_INTEGER))
    return errors


def huge_page_bytes(name: str) -> int:
    """The size of a page; 0 when the name has none."""
    try:
        return quantity.parse(name[len(HUGE_PAGES) :]).value
    except ValueError:
        return 0
