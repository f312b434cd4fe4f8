"""``--volume``, ``--mount``, ``--tmpfs``."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from wherry.app.cli.parse.units import bytes_of

_FLAG = Callable[[dict[str, Any], str], None]
_TRUE, _FALSE = ("", "1", "t", "true", "True", "TRUE"), ("0", "f", "false", "False", "FALSE")


def volumes(specs: Sequence[str]) -> tuple[list[str], dict[str, dict[str, str]]]:
    """(HostConfig.Binds, Config.Volumes): with a colon a bind or a named volume, without one an anonymous volume."""
    binds: list[str] = []
    anonymous: dict[str, dict[str, str]] = {}
    for spec in specs:
        source, colon, rest = spec.partition(":")
        if not colon:
            anonymous[_absolute(spec, spec)] = {}
            continue
        if not source or not rest:
            raise ValueError(f"invalid volume specification: '{spec}'")
        if source in (".", "..") or source.startswith(("./", "../")):
            source = str(Path(source).absolute().resolve())
        binds.append(f"{source}:{rest}")
    return binds, anonymous


def tmpfs(specs: Sequence[str]) -> dict[str, str]:
    """``/run:size=64m`` as HostConfig.Tmpfs."""
    result: dict[str, str] = {}
    for spec in specs:
        path, _, options = spec.partition(":")
        result[_absolute(path, spec)] = options
    return result


def mount(spec: str) -> dict[str, Any]:
    """One ``--mount type=…,source=…,target=…`` as an element of HostConfig.Mounts."""
    result: dict[str, Any] = {"Type": "volume", "Source": "", "Target": ""}
    for field in next(csv.reader([spec])):
        name, equals, value = field.strip().partition("=")
        _set(result, name.lower(), value, bool(equals), spec)
    kind = result["Type"]
    if kind not in ("bind", "volume", "tmpfs", "image"):
        raise ValueError(f"mount type {kind!r} is not one of bind, volume, tmpfs, image (in {spec!r})")
    if not result["Target"]:
        raise ValueError(f"target is required (in {spec!r})")
    if kind in ("bind", "image") and not result["Source"]:
        raise ValueError(f"source is required for a mount of type {kind} (in {spec!r})")
    _only(result, kind, spec)
    return result


def _set(result: dict[str, Any], name: str, value: str, given: bool, spec: str) -> None:
    if name in ("readonly", "ro"):
        result["ReadOnly"] = _truth(name, value, spec)
        return
    if name in ("volume-nocopy", "bind-nonrecursive"):
        group, key = ("VolumeOptions", "NoCopy") if name == "volume-nocopy" else ("BindOptions", "NonRecursive")
        result.setdefault(group, {})[key] = _truth(name, value, spec)
        return
    setter = _FIELDS.get(name)
    if setter is None:
        raise ValueError(f"unknown option '{name}' in '{spec}'")
    if not given:
        raise ValueError(f"invalid field '{name}' must be a key=value pair (in {spec!r})")
    setter(result, value)


def _truth(name: str, value: str, spec: str) -> bool:
    if value not in _TRUE + _FALSE:
        raise ValueError(f"invalid value for {name}: {value} (in {spec!r})")
    return value in _TRUE


def _source(result: dict[str, Any], value: str) -> None:
    relative = value in (".", "..") or value.startswith(("./", "../"))
    result["Source"] = str(Path(value).absolute().resolve()) if relative else value


def _driver_option(result: dict[str, Any], value: str) -> None:
    key, _, text = value.partition("=")
    _driver(result).setdefault("Options", {})[key] = text


def _label(result: dict[str, Any], value: str) -> None:
    key, _, text = value.partition("=")
    result.setdefault("VolumeOptions", {}).setdefault("Labels", {})[key] = text


def _driver(result: dict[str, Any]) -> dict[str, Any]:
    driver = result.setdefault("VolumeOptions", {}).setdefault("DriverConfig", {})
    assert isinstance(driver, dict)
    return driver


def _put(name: str) -> _FLAG:
    return lambda result, value: result.__setitem__(name, value)


def _nested(group: str, name: str, convert: Callable[[str], object] = str) -> _FLAG:
    return lambda result, value: result.setdefault(group, {}).__setitem__(name, convert(value))


def _mode(value: str) -> int:
    try:
        return int(value, 8)
    except ValueError:
        raise ValueError(f"invalid value for tmpfs-mode: {value} (octal)") from None


_FIELDS: dict[str, _FLAG] = {
    "type": lambda result, value: result.__setitem__("Type", value.lower()),
    "source": _source,
    "src": _source,
    "target": _put("Target"),
    "dst": _put("Target"),
    "destination": _put("Target"),
    "consistency": _put("Consistency"),
    "bind-propagation": _nested("BindOptions", "Propagation", str.lower),
    "volume-label": _label,
    "volume-driver": lambda result, value: _driver(result).__setitem__("Name", value),
    "volume-opt": _driver_option,
    "volume-subpath": _nested("VolumeOptions", "Subpath"),
    "image-subpath": _nested("ImageOptions", "Subpath"),
    "tmpfs-size": _nested("TmpfsOptions", "SizeBytes", bytes_of),
    "tmpfs-mode": _nested("TmpfsOptions", "Mode", _mode),
}


def _only(result: dict[str, Any], kind: str, spec: str) -> None:
    owners = {"BindOptions": "bind", "VolumeOptions": "volume", "TmpfsOptions": "tmpfs", "ImageOptions": "image"}
    for group, owner in owners.items():
        if group in result and kind != owner:
            raise ValueError(f"cannot mix '{owner}-*' options with mount type '{kind}' (in {spec!r})")


def _absolute(path: str, spec: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"invalid mount path {path!r} in {spec!r}: it must be absolute")
    return path
