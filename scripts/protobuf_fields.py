"""Write src/wherry/kube/machinery/protobuf_fields.txt, the table by which protobuf bodies are read.

.venv/bin/python scripts/protobuf_fields.py NUMBERS.json PROGRAM...

NUMBERS.json has the field numbers of all messages of the Kubernetes API: {"messages": {name: [[number, JSON name,
single|repeated|map|inline, type], ...]}}. What it cannot say is whether a zero on the wire is a value or nothing: Go
programs write the zeros of fields that are no pointers. PROGRAMs are Go programs with the API in them (a kubectl; a
library of Helm): they know. Where none does (what is newer than they are), a required field's zero counts, an optional
number's does (new ones are pointers), an optional text's and truth's does not.

See wherry.kube.machinery.protobuf for the form of the table.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gotypes import Field, Program

from wherry.kube.machinery.schema.builtin import raw_definitions

TABLE = Path(__file__).resolve().parent.parent / "src/wherry/kube/machinery/protobuf_fields.txt"
_PACKAGES = {
    "k8s.io.api.": "k8s.io/api/",
    "k8s.io.apimachinery.": "k8s.io/apimachinery/",
    "k8s.io.apiextensions_apiserver.": "k8s.io/apiextensions-apiserver/",
    "k8s.io.kube_aggregator.": "k8s.io/kube-aggregator/",
}
_META = "k8s.io.apimachinery.pkg.apis.meta.v1."
_CRD = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1."
# Messages whose JSON is not that of their fields.
_SPECIAL = {
    f"{_META}Time": "time",
    f"{_META}MicroTime": "microtime",
    f"{_META}FieldsV1": "json",
    "k8s.io.apimachinery.pkg.runtime.RawExtension": "json",
    "k8s.io.apimachinery.pkg.api.resource.Quantity": "quantity",
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": "intorstring",
    f"{_CRD}JSON": "json",
    f"{_CRD}JSONSchemaPropsOrBool": "schemaorbool",
    f"{_CRD}JSONSchemaPropsOrArray": "schemaorarray",
    f"{_CRD}JSONSchemaPropsOrStringArray": "schemaorstrings",
}
_LISTS = ("ExtraValue", "AttestationValue", "Verbs")  # messages that are a list of texts in JSON
_SCALARS = ("string", "int32", "int64", "bool", "bytes", "double")
_CARDINALITY = {"single": "", "repeated": "*", "map": "%", "inline": "~"}
_OF_ALL_GROUPS = ("DeleteOptions", "CreateOptions", "UpdateOptions", "PatchOptions", "ListOptions", "GetOptions")
# What no program and no rule knows: it is no pointer.
_NOT_POINTERS = {("k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerCondition", "observedGeneration")}

Rows = Mapping[str, list[tuple[int, str, str, str]]]


def main(numbers: str, programs: list[str]) -> None:
    rows: Rows = json.loads(Path(numbers).read_text())["messages"]
    structures: dict[str, list[Field]] = {}
    for program in programs:  # the first that has a structure is believed
        structures = Program(Path(program)).structures() | structures
    kinds = _kinds()
    TABLE.write_text("".join(_lines(rows, structures, kinds)))


def _kinds() -> dict[tuple[str, str], set[str]]:
    """(group, version) → names of definitions that are objects of their own; no alpha versions."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, definition in raw_definitions().items():
        for gvk in definition.get("x-kubernetes-group-version-kind", ()):
            if "alpha" not in gvk["version"] and gvk["kind"] not in (*_OF_ALL_GROUPS, "WatchEvent"):
                found.setdefault((gvk["group"], gvk["version"]), set()).add(_message(name))
    found["", "v1"] |= {f"{_META}{kind}" for kind in _OF_ALL_GROUPS}
    return found


def _message(definition: str) -> str:
    return definition.replace("io.k8s.", "k8s.io.", 1).replace("-", "_")


def _definition(message: str) -> str:
    name = message.replace("k8s.io.", "io.k8s.", 1)
    return name.replace("apiextensions_apiserver", "apiextensions-apiserver").replace(
        "kube_aggregator", "kube-aggregator"
    )


def _short(message: str) -> str:
    return re.sub(r"^.*?\b(?:api|apis)\.(?=[a-z]\w*\.v\d\w*\.\w+$)", "", message)


def _lines(
    rows: Rows, structures: Mapping[str, list[Field]], kinds: Mapping[tuple[str, str], set[str]]
) -> Iterator[str]:
    yield "# Field numbers of the Kubernetes API in protobuf. Written by scripts/protobuf_fields.py.\n"
    waiting: list[str] = []
    for (group, version), messages in sorted(kinds.items()):
        known = sorted(message for message in messages if message in rows)
        names = " ".join(_short(message) for message in known)
        waiting += known
        if names:
            yield f"@{group}/{version} {names}\n" if group else f"@{version} {names}\n"
    done: dict[str, str] = {}
    while waiting:
        message = waiting.pop()
        if message not in done:
            done[message] = _line(message, rows, structures)
            waiting += [kind for *_, kind in rows[message] if _is_message(kind)]
    for message in sorted(done, key=_short):
        yield f"{_short(message)} {done[message]}".rstrip() + "\n"


def _is_message(kind: str) -> bool:
    return kind not in _SCALARS and kind not in _SPECIAL and not kind.endswith(_LISTS)


def _line(message: str, rows: Rows, structures: Mapping[str, list[Field]]) -> str:
    definition = raw_definitions().get(_definition(message), {})
    known = {
        int(field.tag("protobuf").split(",")[1]): field
        for field in structures.get(_import_path(message), ())
        if "," in field.tag("protobuf")
    }
    fields = []
    for number, name, cardinality, kind in rows[message]:
        field = known.get(number)
        json_name = field.tag("json").partition(",")[0] if field else ""
        name = _json_name(json_name or name, definition)
        mark = "?" if cardinality == "single" and _zero_is_nothing((message, name), kind, field, definition) else ""
        fields.append(f"{name}:{number}:{_CARDINALITY[cardinality]}{_kind(kind, message)}{mark}")
    return " ".join(fields)


def _json_name(name: str, definition: Mapping[str, Any]) -> str:
    """Protobuf cannot have the names ``$ref`` and ``x-kubernetes-…``."""
    properties = definition.get("properties", {})
    if name in properties:
        return name
    dashed = re.sub(r"[A-Z]", lambda match: "-" + match[0].lower(), name)
    return next((each for each in (f"${name}", dashed) if each in properties), name)


def _zero_is_nothing(
    field_name: tuple[str, str], kind: str, field: Field | None, definition: Mapping[str, Any]
) -> bool:
    if kind not in _SCALARS:
        return False
    if field is not None:
        return not field.is_pointer and "omitempty" in field.tag("json")
    if field_name[1] in definition.get("required", ()):
        return False
    return field_name in _NOT_POINTERS or kind in ("string", "bool", "bytes")


def _kind(kind: str, message: str) -> str:
    if kind in _SPECIAL:
        return _SPECIAL[kind]
    if kind.endswith(_LISTS):
        return "strings"
    if kind in _SCALARS:
        return kind
    here = message.rpartition(".")[0]
    return kind.rpartition(".")[2] if kind.rpartition(".")[0] == here else _short(kind)


def _import_path(message: str) -> str:
    package, _, name = message.rpartition(".")
    for short, path in _PACKAGES.items():
        if package.startswith(short):
            package = path + package.removeprefix(short).replace(".", "/")
    return f"{package}.{name}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
