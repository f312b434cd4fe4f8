"""Variables that tell a container where services are (pkg/kubelet/envvars, and before it Docker's links)."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object

_KUBERNETES = "kubernetes"
_HOME = "default"


def variables(services: Iterable[Object], namespace: str, links: bool) -> dict[str, str]:
    """Of the services of the namespace (``links``; ``enableServiceLinks``) and of the API itself, wherever it is."""
    chosen: dict[str, Object] = {}
    for service in services:
        meta = service["metadata"]
        if not _has_address(service):
            continue
        is_api = meta["namespace"] == _HOME and meta["name"] == _KUBERNETES
        if (meta["namespace"] == namespace and links) or (is_api and _KUBERNETES not in chosen):
            chosen[meta["name"]] = service
    found: dict[str, str] = {}
    for name in sorted(chosen):
        found.update(_of_service(chosen[name]))
    return found


def _has_address(service: Object) -> bool:
    return service["spec"].get("clusterIP") not in (None, "", "None")


def _of_service(service: Object) -> dict[str, str]:
    prefix = _upper(service["metadata"]["name"])
    address, ports = service["spec"]["clusterIP"], service["spec"].get("ports") or []
    if not ports:
        return {}
    found = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            found[f"{prefix}_SERVICE_PORT_{_upper(port['name'])}"] = str(port["port"])
    host = f"[{address}]" if ":" in address else address
    for place, port in enumerate(ports):
        number, protocol = port["port"], port.get("protocol") or "TCP"
        url = f"{protocol.lower()}://{host}:{number}"
        if place == 0:
            found[f"{prefix}_PORT"] = url
        begin = f"{prefix}_PORT_{number}_{protocol.upper()}"
        found[begin] = url
        found[f"{begin}_PROTO"] = protocol.lower()
        found[f"{begin}_PORT"] = str(number)
        found[f"{begin}_ADDR"] = address
    return found


def _upper(name: str) -> str:
    return name.replace("-", "_").upper()
