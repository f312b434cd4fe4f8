"""``--ulimit``, ``--device`` and its kin, ``--cpus``, ``--restart``, ``--security-opt``, ``--log-opt`` …"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wherry.app.cli.parse.units import bytes_of

# setrlimit(2), by the names docker/go-units ulimit.go knows.
_ULIMITS = frozenset({
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice",
    "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
})  # fmt: skip


def ulimit(spec: str) -> dict[str, Any]:
    """``nofile=1024[:2048]``; -1 is unlimited."""
    name, equals, value = spec.partition("=")
    soft, colon, hard = value.partition(":")
    if not equals or name not in _ULIMITS:
        raise ValueError(
            f"invalid ulimit argument: {spec} (name=soft[:hard], name one of {', '.join(sorted(_ULIMITS))})"
        )
    try:
        low = int(soft)
        high = int(hard) if colon else low
    except ValueError:
        raise ValueError(f"invalid ulimit argument: {spec}") from None
    if high != -1 and (low > high or low == -1):
        raise ValueError(f"ulimit soft limit must be less than or equal to hard limit: {low} > {high}")
    return {"Name": name, "Soft": low, "Hard": high}


def device(spec: str) -> dict[str, str]:
    """``/dev/host[:/dev/inside][:rwm]``."""
    parts = spec.split(":")
    source = parts[0]
    target, access = source, "rwm"
    if len(parts) == 2:
        target, access = (source, parts[1]) if _is_access(parts[1]) else (parts[1], access)
    elif len(parts) == 3:
        target, access = parts[1] or source, parts[2]
    if len(parts) > 3 or not source or not _is_access(access) or not target.startswith("/"):
        raise ValueError(f"invalid device specification: {spec}")
    return {"PathOnHost": source, "PathInContainer": target, "CgroupPermissions": access}


def _is_access(text: str) -> bool:
    return bool(text) and len(set(text)) == len(text) and set(text) <= set("rwm")


def device_rule(spec: str) -> str:
    """``c 1:3 mr`` (Documentation/admin-guide/cgroup-v1/devices.rst)."""
    kind, _, rest = spec.partition(" ")
    numbers, _, access = rest.partition(" ")
    major, colon, minor = numbers.partition(":")
    fits = all(number == "*" or (number.isascii() and number.isdigit()) for number in (major, minor))
    if kind not in ("a", "b", "c") or not colon or not fits or not _is_access(access):
        raise ValueError(f"invalid device cgroup format '{spec}'")
    return spec


def weight_device(spec: str) -> dict[str, Any]:
    path, number = _device_number(spec, int)
    if number and not 10 <= number <= 1000:
        raise ValueError(f"invalid weight for device: {spec} (10 to 1000)")
    return {"Path": path, "Weight": number}


def throttle_bytes(spec: str) -> dict[str, Any]:
    path, number = _device_number(spec, bytes_of)
    return {"Path": path, "Rate": number}


def throttle_operations(spec: str) -> dict[str, Any]:
    path, number = _device_number(spec, int)
    return {"Path": path, "Rate": number}


def _device_number(spec: str, convert: Any) -> tuple[str, int]:  # a function from str to int
    path, colon, text = spec.partition(":")
    if not colon or not path.startswith("/dev/"):
        raise ValueError(f"bad format for path: {spec} (like /dev/sda:1000)")
    try:
        number = int(convert(text))
    except ValueError:
        raise ValueError(f"invalid rate for device: {spec}") from None
    if number < 0:
        raise ValueError(f"invalid rate for device: {spec}")
    return path, number


def nano_cpus(text: str) -> int:
    """``0.5`` processors are 500000000 billionths."""
    from decimal import Decimal, InvalidOperation  # exact, and rarely needed

    try:
        nano = Decimal(text) * 10**9
    except InvalidOperation:
        raise ValueError(f"failed to parse {text} as a rational number") from None
    if nano != nano.to_integral_value() or nano < 0:
        raise ValueError(f"value is too precise or negative: {text}")
    return int(nano)


def restart_policy(text: str) -> dict[str, Any]:
    """``no``, ``always``, ``unless-stopped``, ``on-failure[:5]``."""
    name, colon, count = text.partition(":")
    if name not in ("no", "always", "unless-stopped", "on-failure"):
        raise ValueError(
            f"invalid restart policy: unknown policy '{name}'; use one of no, always, unless-stopped, on-failure"
        )
    if colon and (name != "on-failure" or not (count.isascii() and count.isdigit())):
        raise ValueError(f"invalid restart policy format: {text!r} (only on-failure takes a whole number of tries)")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def security_options(specs: Sequence[str]) -> tuple[list[str], bool]:
    """(HostConfig.SecurityOpt, whether system paths stay unmasked). A seccomp profile is read here and sent as JSON."""
    result: list[str] = []
    unconfined_paths = False
    for spec in specs:
        name, _, value = spec.replace(":", "=", 1).partition("=") if "=" not in spec else spec.partition("=")
        if spec == "systempaths=unconfined":
            unconfined_paths = True
        elif name == "seccomp" and value not in ("unconfined", "builtin"):
            result.append(f"seccomp={_profile(value)}")
        elif not value and name != "no-new-privileges":
            raise ValueError(f"invalid --security-opt: {spec!r}")
        else:
            result.append(spec)
    return result, unconfined_paths


def _profile(path: str) -> str:
    try:
        return json.dumps(json.loads(Path(path).read_text()), separators=(",", ":"))
    except OSError as error:
        raise ValueError(f"opening seccomp profile ({path}) failed: {(error.strerror or '').lower()}") from error
    except ValueError as error:
        raise ValueError(f"compacting json for seccomp profile ({path}) failed: {error}") from error


def name_server(text: str) -> str:
    """An IP address. Raises ValueError."""
    import ipaddress

    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"{text} is not an ip address (--dns)") from None


def extra_host(spec: str) -> str:
    """``name:address`` (or ``name=address``) as the engine wants it, with a colon."""
    separator = "=" if "=" in spec else ":"
    name, _, address = spec.partition(separator)
    if not name or not address:
        raise ValueError(f"bad format for add-host: {spec!r} (name:address)")
    address = address.removeprefix("[").removesuffix("]")
    if address != "host-gateway":
        import ipaddress

        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ValueError(f"invalid IP address in add-host: {address!r}") from None
    return f"{name}:{address}"
