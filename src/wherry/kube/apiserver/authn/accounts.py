"""Service accounts as users (k8s.io/apiserver pkg/authentication/serviceaccount)."""

from wherry.kube.machinery.names import dns1123_label, dns1123_subdomain

PREFIX = "system:serviceaccount:"
GROUP = "system:serviceaccounts"


def username(namespace: str, name: str) -> str:
    return f"{PREFIX}{namespace}:{name}"


def split_username(user: str) -> tuple[str, str] | None:
    """Namespace and name; None when it is no service account's."""
    if not user.startswith(PREFIX):
        return None
    parts = user[len(PREFIX) :].split(":")
    if len(parts) != 2 or dns1123_label(parts[0]) or dns1123_subdomain(parts[1]):
        return None
    return parts[0], parts[1]


def group_names(namespace: str) -> list[str]:
    """The groups that every service account of the namespace is in."""
    return [GROUP, f"{GROUP}:{namespace}"]
