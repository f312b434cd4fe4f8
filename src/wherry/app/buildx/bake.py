"""Bake files in JSON: several builds, some of which use the results of others. Pure.

The format is buildx's (https://docs.docker.com/build/bake/reference/); HCL is not read.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TARGET = "target:"
_LISTS = ("tags", "secret", "ssh", "output", "cache-from", "cache-to", "attest", "platforms", "entitlements")
_KNOWN = frozenset(
    {
        *_LISTS, "context", "contexts", "dockerfile", "dockerfile-inline", "args", "labels", "target", "no-cache",
        "no-cache-filter", "pull", "network", "shm-size", "ulimits", "extra-hosts", "inherits", "description", "name",
        "annotations", "matrix", "call",
    }
)  # fmt: skip
_KINDS: Sequence[tuple[Sequence[str], type, str]] = (
    ((*_LISTS, "no-cache-filter", "ulimits", "inherits", "annotations"), list, "a list"),
    (("args", "labels", "contexts", "extra-hosts", "matrix"), dict, "an object"),
    (("no-cache", "pull"), bool, "true or false"),
)
_TEXT = (str, "a text")
"""What a key holds; those that are not named hold a text. null stands for nothing."""


@dataclass(frozen=True, slots=True)
class Definition:
    """``targets`` with what they inherit filled in; ``groups``: name → names."""

    targets: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, Sequence[str]]


def parse(texts: Iterable[str], overrides: Iterable[str] = ()) -> Definition:
    """Later files win over earlier ones, ``TARGET.KEY=VALUE`` over all. Raises ValueError."""
    targets: dict[str, dict[str, Any]] = {}
    groups: dict[str, Sequence[str]] = {}
    for text in texts:
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ValueError(f"the bake file is not JSON (HCL is not read by this builder): {error}") from error
        for name, target in (document.get("target") or {}).items():
            targets[name] = _merged(targets.get(name, {}), target)
        for name, group in (document.get("group") or {}).items():
            groups[name] = group.get("targets") or ()
    for text in overrides:
        _override(targets, text)
    inherited = {name: _inherited(targets, name, ()) for name in targets}
    for name, target in inherited.items():
        unknown = sorted(set(target) - _KNOWN)
        if unknown:
            raise ValueError(f"target {name}: unknown keys {', '.join(unknown)}")
        _check(name, target)
    return Definition(inherited, groups)


def _check(name: str, target: Mapping[str, Any]) -> None:
    for key, value in target.items():
        kind, word = next(((kind, word) for keys, kind, word in _KINDS if key in keys), _TEXT)
        if value is not None and not isinstance(value, kind):
            raise ValueError(f"target {name}: {key}: expected {word}, not {json.dumps(value)}")
    for key in ("matrix", "call"):
        if target.get(key):
            raise ValueError(f"target {name}: {key} is not available in this version")


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old, **new}
    for key in ("args", "labels", "contexts"):
        if key in old and key in new:
            merged[key] = {**old[key], **new[key]}
    return merged


def _inherited(targets: Mapping[str, Mapping[str, Any]], name: str, path: tuple[str, ...]) -> dict[str, Any]:
    if name in path:
        raise ValueError(f"targets inherit from each other: {' → '.join((*path, name))}")
    if name not in targets:
        raise ValueError(f"failed to find target {name}")
    found: dict[str, Any] = {}
    for parent in targets[name].get("inherits") or ():
        found = _merged(found, _inherited(targets, parent, (*path, name)))
    return _merged(found, targets[name])


def _override(targets: dict[str, dict[str, Any]], text: str) -> None:
    path, equals, value = text.partition("=")
    name, dot, key = path.partition(".")
    if not equals or not dot:
        raise ValueError(f"invalid override {text}, expected target.name=value")
    for target in [one for one in targets if name in ("*", one)]:
        outer, _, inner = key.partition(".")
        if inner:
            targets[target][outer] = {**targets[target].get(outer, {}), inner: value}
        elif outer in _LISTS:
            targets[target][outer] = [value]
        else:
            targets[target][outer] = value == "true" if outer in ("pull", "no-cache") else value


def wanted(definition: Definition, names: Sequence[str]) -> list[str]:
    """The targets that names of targets and groups mean; nothing named: ``default``. Raises ValueError."""
    found: dict[str, None] = {}
    for name in names or ("default",):
        if name in definition.groups:
            found |= dict.fromkeys(wanted(definition, definition.groups[name]))
        elif name in definition.targets:
            found[name] = None
        else:
            raise ValueError(f"failed to find target {name}")
    return list(found)


def generations(definition: Definition, names: Sequence[str]) -> list[list[str]]:
    """Targets in an order in which each comes after those whose results it uses. Raises ValueError for a circle."""
    needs: dict[str, set[str]] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in needs:
            continue
        if name not in definition.targets:
            raise ValueError(f"failed to find target {name}")
        contexts = (definition.targets[name].get("contexts") or {}).values()
        needs[name] = {one.removeprefix(_TARGET) for one in contexts if one.startswith(_TARGET)}
        pending += needs[name]
    found: list[list[str]] = []
    while needs:
        ready = sorted(name for name, needed in needs.items() if not needed & needs.keys())
        if not ready:
            raise ValueError(f"targets need each other: {', '.join(sorted(needs))}")
        found.append(ready)
        for name in ready:
            del needs[name]
    return found


def flags_of(target: Mapping[str, Any], built: Mapping[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """A target as the context and the flags of ``build``. ``built``: metadata of the targets that it may use."""
    context = target.get("context") or "."
    dockerfile = target.get("dockerfile") or ""
    contexts = {name: _context(value, built) for name, value in (target.get("contexts") or {}).items()}
    flags: dict[str, Any] = {
        "tag": list(target.get("tags") or ()),
        "file": _path(dockerfile, context),
        "inline": target.get("dockerfile-inline"),
        "build_arg": [f"{name}={value}" for name, value in (target.get("args") or {}).items() if value is not None],
        "label": [f"{name}={value}" for name, value in (target.get("labels") or {}).items()],
        "build_context": [f"{name}={value}" for name, value in contexts.items()],
        "target": target.get("target") or None,
        "no_cache": bool(target.get("no-cache")),
        "no_cache_filter": list(target.get("no-cache-filter") or ()),
        "pull": bool(target.get("pull")),
        "network": target.get("network"),
        "shm_size": target.get("shm-size"),
        "ulimit": list(target.get("ulimits") or ()),
        "add_host": [f"{host}:{address}" for host, address in (target.get("extra-hosts") or {}).items()],
        "secret": [_text(one) for one in target.get("secret") or ()],
        "ssh": [_agent(one) for one in target.get("ssh") or ()],
        "output": [_text(one) for one in target.get("output") or ()],
        "cache_from": [_text(one) for one in target.get("cache-from") or ()],
        "cache_to": [_text(one) for one in target.get("cache-to") or ()],
        "allow": list(target.get("entitlements") or ()),
        "platform": _platform(target.get("platforms") or ()),
    }
    return context, flags


def _context(value: str, built: Mapping[str, Mapping[str, Any]]) -> str:
    if not value.startswith(_TARGET):
        return value
    return f"docker-image://{built[value.removeprefix(_TARGET)]['containerimage.config.digest']}"


def _path(dockerfile: str, context: str) -> str:
    """Relative to the context, as bake has it; the default is left to the daemon."""
    if not dockerfile or dockerfile.startswith("/") or "://" in context:
        return dockerfile
    return f"{context.rstrip('/')}/{dockerfile}"


def _text(one: Any) -> str:
    """Secrets, outputs and caches are texts, or since buildx 0.19 objects."""
    if isinstance(one, str):
        return one
    return ",".join(f"{name}={value}" for name, value in one.items())


def _agent(one: Any) -> str:
    """``default=`` is ``default``."""
    if isinstance(one, str):
        return one.removesuffix("=")
    return str(one["id"]) + (f"={','.join(one['paths'])}" if one.get("paths") else "")


def _platform(platforms: Sequence[str]) -> str | None:
    if len(platforms) > 1:
        raise ValueError(f"several platforms in one build ({', '.join(platforms)}) are not available in this version")
    return platforms[0] if platforms else None
