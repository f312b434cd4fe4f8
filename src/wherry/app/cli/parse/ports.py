"""``--publish`` and ``--expose`` (docker/go-connections nat.ParsePortSpecs)."""

from collections.abc import Sequence

Bindings = dict[str, list[dict[str, str]]]
_PROTOCOLS = ("tcp", "udp", "sctp")


def published(specs: Sequence[str]) -> Bindings:
    """``[address:][host[-last]:]container[-last][/protocol]`` as HostConfig.PortBindings; raises ValueError."""
    result: Bindings = {}
    for spec in specs:
        for port, binding in _one(_short(spec)):
            result.setdefault(port, []).append(binding)
    return result


def exposed(specs: Sequence[str]) -> list[str]:
    """``80``, ``8000-8002/udp`` as a list of ``port/protocol``."""
    result: list[str] = []
    for spec in specs:
        ports, protocol = _protocol(spec, spec)
        first, last = _range(ports, spec)
        result += [f"{number}/{protocol}" for number in range(first, last + 1)]
    return result


def _short(spec: str) -> str:
    """The long spelling, ``target=80,published=8080,protocol=tcp,mode=host``, in the short one."""
    if "=" not in spec:
        return spec
    fields = dict(part.partition("=")[::2] for part in spec.split(","))
    unknown = set(fields) - {"target", "published", "protocol", "mode"}
    if unknown or "target" not in fields:
        raise ValueError(f"invalid field {', '.join(sorted(unknown)) or 'list (no target)'} in port {spec!r}")
    host = f"{fields['published']}:" if fields.get("published") else ""
    return f"{host}{fields['target']}/{fields.get('protocol', 'tcp')}"


def _one(spec: str) -> list[tuple[str, dict[str, str]]]:
    rest, protocol = _protocol(spec, spec)
    address, host, container = _split(rest, spec)
    first, last = _range(container, spec)
    if not host:
        return [(f"{number}/{protocol}", {"HostIp": address, "HostPort": ""}) for number in range(first, last + 1)]
    host_first, host_last = _range(host, spec)
    if host_last - host_first == last - first:
        shift = host_first - first
        return [
            (f"{number}/{protocol}", {"HostIp": address, "HostPort": str(number + shift)})
            for number in range(first, last + 1)
        ]
    if first != last:
        raise ValueError(f"invalid ranges specified for container and host ports: {container} and {host}")
    # Many host ports for one: the engine takes the first that is free.
    return [(f"{first}/{protocol}", {"HostIp": address, "HostPort": host})]


def _protocol(text: str, spec: str) -> tuple[str, str]:
    ports, slash, protocol = text.rpartition("/")
    if not slash:
        return text, "tcp"
    if protocol.lower() not in _PROTOCOLS:
        raise ValueError(f"invalid proto: {protocol} (in {spec!r}; one of {', '.join(_PROTOCOLS)})")
    return ports, protocol.lower()


def _split(text: str, spec: str) -> tuple[str, str, str]:
    """(address, host ports, container ports); an IPv6 address stands in brackets."""
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        if not bracket or not rest.startswith(":"):
            raise ValueError(f"invalid IP address in port {spec!r}")
        parts = rest[1:].split(":")
    else:
        parts = text.split(":")
        address = ":".join(parts[:-2])
        parts = parts[-2:]
    container = parts[-1]
    if not container:
        raise ValueError(f"no port specified: {spec}<empty>")
    if address:
        import ipaddress  # rarely needed

        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ValueError(f"invalid IP address: {address}") from None
    return address, parts[0] if len(parts) == 2 else "", container


def _range(text: str, spec: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    try:
        begin = int(first)
        end = int(last) if dash else begin
    except ValueError:
        raise ValueError(f"invalid port {text!r} in {spec!r}") from None
    if not (0 < begin <= 65535 and 0 < end <= 65535):
        raise ValueError(f"invalid port {text!r} in {spec!r}: ports are 1 to 65535")
    if end < begin:
        raise ValueError(f"invalid range specified for port: {text}")
    return begin, end
