"""Where a probe or a hook goes to: hosts, ports by number or name, URLs, headers. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.pods.options import VERSION

AGENT = "kube-probe/" + ".".join(VERSION.removeprefix("v").split(".")[:2])
LIFECYCLE_AGENT = AGENT.replace("kube-probe", "kube-lifecycle")
_KEPT = "%/:@!$&'()*+,;=~-._?[]"


@dataclass(frozen=True, slots=True)
class Request:
    """A GET. ``path`` has the query with it; ``host`` is an address or a name."""

    scheme: str
    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{authority(self.host, self.port)}{self.path}"


def authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def port_number(port: object, container: Object) -> int:
    """Of a number, a number as text, or the name of one of the container's ports. Raises Invalid."""
    if isinstance(port, str) and not port.isdecimal():
        for each in container.get("ports") or ():
            if each.get("name") == port:
                return int(each["containerPort"])
        raise Invalid(f"couldn't find port: {port} in container {container.get('name', '')}")
    number = int(str(port or 0))
    if not 0 < number < 65536:
        raise Invalid(f"invalid port number: {number}")
    return number


def request(action: Object, container: Object, ip: str, agent: str = AGENT) -> Request:
    """Of an ``httpGet``. Raises Invalid."""
    path = str(action.get("path") or "/")
    path = path if path.startswith("/") else f"/{path}"
    headers = [(str(each.get("name", "")), str(each.get("value", ""))) for each in action.get("httpHeaders") or ()]
    for name, value in headers:
        if not name or any(character in name + value for character in "\r\n\0"):
            raise Invalid(f"header {name!r} is not one that can be sent")
    host, port = str(action.get("host") or ip), port_number(action.get("port"), container)
    return Request(
        str(action.get("scheme") or "HTTP").lower(), host, port, quote(path, _KEPT), completed(headers, agent)
    )


def completed(headers: list[tuple[str, str]], agent: str) -> tuple[tuple[str, str], ...]:
    """With what is sent besides, unless the user says otherwise. An empty value takes a header away."""
    given = {name.lower() for name, _ in headers}
    found = [(name, value) for name, value in headers if value or name.lower() not in ("accept", "user-agent")]
    if "user-agent" not in given:
        found.append(("User-Agent", agent))
    if "accept" not in given:
        found.append(("Accept", "*/*"))
    return tuple(found)


def redirected(request: Request, location: str) -> Request | None:
    """Where a redirect leads to; None: to another host, where it is not followed."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "http", "https"):
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme or request.scheme
    host = parts.hostname or request.host
    if host != request.host:
        return None
    if port is None:
        port = (443 if scheme == "https" else 80) if parts.netloc else request.port
    path = parts.path or "/"
    if not path.startswith("/"):
        path = request.path.partition("?")[0].rpartition("/")[0] + "/" + path
    path += f"?{parts.query}" if parts.query else ""
    return Request(scheme, host, port, quote(path, _KEPT), request.headers)
