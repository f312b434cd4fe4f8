"""The downward API: what containers may know of their pod, as text (pkg/fieldpath, pkg/api/v1/resource)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import ZERO, Quantity, parse

_SUBSCRIPT = re.compile(r"(metadata\.(?:labels|annotations))\['(.*)'\]", re.DOTALL)
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_ESCAPES |= {"\\": "\\\\", '"': '\\"'}
_MILLI = "cpu"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of a pod: what is not in its spec. ``allocatable``: the node's."""

    pod_ips: Sequence[str] = ()
    host_ips: Sequence[str] = ()
    allocatable: Mapping[str, Quantity] = field(default_factory=dict)


UNKNOWN = Surroundings()


def field_value(pod: Object, path: str, around: Surroundings) -> str:
    """Raises Invalid for a path that is none."""
    meta, spec = pod["metadata"], pod["spec"]
    found = _SUBSCRIPT.fullmatch(path)
    if found is not None:
        values: Mapping[str, str] = meta.get(found[1].rpartition(".")[2]) or {}
        return str(values.get(found[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        return formatted(meta.get(path.rpartition(".")[2]) or {})
    simple = {
        "metadata.name": meta.get("name"),
        "metadata.namespace": meta.get("namespace"),
        "metadata.uid": meta.get("uid"),
        "spec.nodeName": spec.get("nodeName"),
        "spec.serviceAccountName": spec.get("serviceAccountName"),
        "status.hostIP": next(iter(around.host_ips), ""),
        "status.hostIPs": ",".join(around.host_ips),
        "status.podIP": next(iter(around.pod_ips), ""),
        "status.podIPs": ",".join(around.pod_ips),
    }
    if path not in simple:
        raise Invalid(f"unsupported fieldPath: {path}")
    return str(simple[path] or "")


def formatted(values: Mapping[str, str]) -> str:
    """A file of labels or annotations: a line each, ``name="value"``, in the order of their names."""
    return "\n".join(f"{name}={quoted(value)}" for name, value in sorted(values.items()))


def quoted(text: str) -> str:
    """As Go's ``%q`` writes it."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def resource_value(container: Object, reference: Object, around: Surroundings) -> str:
    """Whole multiples of the divisor, rounded up. Where there is no limit it is what the node has. Raises Invalid."""
    kind, _, name = str(reference.get("resource", "")).partition(".")
    if kind not in ("limits", "requests") or not name:
        raise Invalid(f"unsupported container resource : {reference.get('resource', '')}")
    given = ((container.get("resources") or {}).get(kind) or {}).get(name)
    amount = parse(given) if given is not None else ZERO
    if not amount and kind == "limits":
        amount = around.allocatable.get(name, ZERO)
    divisor = parse(reference.get("divisor") or "0") or parse("1")
    if name == _MILLI:
        return str(-(-amount.milli // divisor.milli))
    return str(-(-amount.value // divisor.value))
