"""What a ServiceCIDR says of itself."""

from wherry.kube.machinery.model import Object

READY = "Ready"


def is_ready(obj: Object) -> bool:
    """Addresses may be given out of it: it is not being deleted, and somebody has looked at it."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    found = any(each.get("type") == READY and each.get("status") == "True" for each in conditions)
    return found and "deletionTimestamp" not in obj["metadata"]
