"""Where a webhook is: a URL or a service (k8s.io/apiserver pkg/util/webhook/validation.go)."""

from urllib.parse import urlsplit

from wherry.kube.kinds.checking import needed, set_default
from wherry.kube.kinds.rules import Found
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid, required
from wherry.kube.machinery.model import Object

_FORM = "; desired format: https://host[/path]"
_PORT = 443


def default_client(client: Object) -> None:
    """Of a WebhookClientConfig."""
    if client.get("service") is not None:
        set_default(client["service"], port=_PORT)


def validate_client(client: Object, path: Path) -> Found:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [required(path, "exactly one of url or service is required")]
    if url is not None:
        return validate_url(url, path.child("url"))
    return validate_service(service or {}, path.child("service"))


def validate_url(url: str, path: Path) -> Found:
    """``https://host[/path]`` and nothing else."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError as error:
        return [required(path, f"url must be a valid URL: {error}{_FORM}")]
    found: Found = []
    if parts.scheme != "https":
        found.append(invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not host:
        found.append(invalid(path, host, f"host must be specified{_FORM}"))
    if "@" in parts.netloc:
        user = parts.netloc.rpartition("@")[0]
        found.append(invalid(path, user, "user information is not permitted in the URL"))
    if parts.fragment:
        found.append(invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        found.append(invalid(path, parts.query, "query parameters are not permitted in the URL"))
    return found


def validate_service(service: Object, path: Path) -> Found:
    """Of a ServiceReference."""
    found = needed(path, service, "name", "namespace")
    port = service.get("port", _PORT)
    if complaints := names.port_number(port):
        found.append(invalid(path.child("port"), port, f"port is not valid: {','.join(complaints)}"))
    return found + _validate_path(service.get("path"), path.child("path"))


def _validate_path(below: str | None, path: Path) -> Found:
    if not below or below == "/":
        return []
    if below == "//":
        return [invalid(path, below, "segment[0] may not be empty")]
    found: Found = [] if below.startswith("/") else [invalid(path, below, "must start with a '/'")]
    for position, segment in enumerate(below[1:].removesuffix("/").split("/")):
        complaints = names.dns1123_subdomain(segment) if segment else ["may not be empty"]
        mark = ":" if segment else ""
        found += [invalid(path, below, f"segment[{position}]{mark} {why}") for why in complaints]
    return found
