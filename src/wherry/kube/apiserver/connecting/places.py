"""What ``…/proxy`` leads to: ``[scheme:]name[:port]`` of a pod, service or node, and the path behind. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.connecting.addresses import allowed
from wherry.kube.machinery import status
from wherry.kube.machinery.model import Object

_PORT = re.compile(r"[a-z0-9]([-a-z0-9]{0,14})", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Name(msgspec.Struct, frozen=True):
    """``scheme`` and ``port`` may be empty."""

    scheme: str
    name: str
    port: str


class Place(msgspec.Struct, frozen=True):
    """An address that HTTP is spoken at."""

    scheme: str
    host: str
    port: int


def split_name(text: str) -> Name:
    """Raises StatusError 400 (apimachinery pkg/util/net: SplitSchemeNamePort)."""
    parts = text.split(":")
    scheme, name, port = ("", *parts, "")[:3] if len(parts) < 3 else (parts[0], parts[1], parts[2])
    is_good = bool(name) and len(parts) <= 3 and scheme in ("", "http", "https")
    if not is_good or (port and not _PORT.fullmatch(port)):
        raise status.bad_request(f'invalid proxy request "{text}"')
    return Name(scheme, name, port)


def named(call: Call) -> Call:
    """The call for the object itself: its query is for whoever answers, and a proxied one has a scheme and a port in
    its name. Raises StatusError 400."""
    info = call.info
    if info.subresource == "proxy" and ":" in info.name:
        info = msgspec.structs.replace(info, name=split_name(info.name).name)
    return replace(call, info=info, query={})


def path_behind(target: str) -> str:
    """What follows ``proxy`` in a request's target, as the client wrote it, with its query; it begins with a slash.

    Raises StatusError 400 for what some server could take for a path above."""
    path, mark, query = target.partition("?")
    segments = path.lstrip("/").split("/")
    # api/v1/namespaces/NAMESPACE/pods/NAME/proxy/…, api/v1/nodes/NAME/proxy/…
    behind = segments[7 if segments[2:3] == ["namespaces"] else 5 :]
    if any(unquote(each) in (".", "..") for each in behind):
        raise status.bad_request("a path with dot segments is not passed on")
    return "/" + "/".join(behind) + mark + query


def pod_place(pod: Object, name: Name) -> Place:
    """Raises StatusError 400."""
    scheme = name.scheme or "http"
    addresses = (pod.get("status") or {}).get("podIPs") or ()
    host = allowed(addresses[0].get("ip", "") if addresses else "")
    if name.port:
        return Place(scheme, host, _pod_port(pod, name.port))
    first = (port["containerPort"] for each in pod["spec"]["containers"] for port in (each.get("ports") or ())[:1])
    return Place(scheme, host, next(first, _DEFAULT_PORTS[scheme]))


def _pod_port(pod: Object, text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    for each in pod["spec"]["containers"]:
        for port in each.get("ports") or ():
            if port.get("name") == text:
                found: int = port["containerPort"]
                return found
    raise status.bad_request(f'pod {pod["metadata"]["name"]} has no port "{text}"')


def service_places(service: Object, name: Name, slices: Iterable[Object]) -> list[Place]:
    """All that are ready; one will do. Raises StatusError 503 when there is none."""
    meta = service["metadata"]
    port = _service_port(service, name.port)
    if port is None:
        raise status.unavailable(f'no service port "{name.port}" found for service "{meta["name"]}"')
    found = [
        Place(name.scheme or "http", allowed(address), number)
        for each in slices
        if (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
        and (number := _slice_port(each, port.get("name") or "")) is not None
        for endpoint in each.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"][:1]
    ]
    if not found:
        raise status.unavailable(f'no endpoints available for service "{meta["name"]}"')
    return found


def _service_port(service: Object, text: str) -> Object | None:
    ports: list[Object] = service["spec"].get("ports") or []
    if not text and len(ports) == 1:
        return ports[0]
    return next((port for port in ports if text in (port.get("name") or "", str(port["port"]))), None)


def _slice_port(found: Object, name: str) -> int | None:
    return next((port.get("port") for port in found.get("ports") or () if (port.get("name") or "") == name), None)
