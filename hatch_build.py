"""Build hook: puts the definitions of the Kubernetes API into the package.

They are taken from the PyPI package ``kubernetes-validate``, a build requirement only, whose JSON Schema is upstream's
OpenAPI document (``api/openapi-spec/swagger.json``) made fit for a validator. What was changed for that is undone here,
and two files are written into the package's ``data`` folder:

* ``structure.json``: for machines, without the texts for people: ``{"kinds": {"apps/v1/Deployment": NAME},
  "definitions": {NAME: SCHEMA}}``. Read at every start, one definition after the other.
* ``definitions.json.gz``: upstream's ``definitions`` whole. Read when a client asks for OpenAPI.
"""

import gzip
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "kubernetes_validate"
SOURCE = "kubernetes-json-schema/v1.37.0-local/_definitions.json"
DATA = "src/wherry/kube/machinery/schema/data"

# The two definitions that the package rewrote whole; these are upstream's, the descriptions in our words.
REWRITTEN = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "description": "Quantity is an exact decimal number with a suffix of SI (m, k, M, G, T, P, E), of powers of "
        "two (Ki, Mi, Gi, Ti, Pi, Ei), or a decimal exponent (e3, E3). 500m is a half; 1Gi is 1073741824.",
        "type": "string",
    },
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "description": "IntOrString is a type that can hold an int32 or a string: a number of things, or a name or a "
        "percentage of them.",
        "format": "int-or-string",
        "type": "string",
    },
}

Document = dict[str, Any]


class CustomBuildHook(BuildHookInterface):
    """Runs before a wheel is made, the one of an editable installation included."""

    def initialize(self, version: str, build_data: Document) -> None:
        """Write the files; the same input gives the same bytes."""
        definitions = read_definitions()
        folder = Path(self.root, DATA)
        folder.mkdir(exist_ok=True)
        structure = {"kinds": kinds(definitions), "definitions": without_descriptions(definitions)}
        write(folder / "structure.json", compact(structure))
        write(folder / "definitions.json.gz", gzip.compress(compact(definitions), mtime=0))


def read_definitions() -> Document:
    """Upstream's definitions by name."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the build needs the package kubernetes-validate (see [build-system] in pyproject.toml)")
    text = Path(found.submodule_search_locations[0], SOURCE).read_text(encoding="utf-8")
    changed = json.loads(text)["$defs"]
    return {name: REWRITTEN.get(name) or restored(schema) for name, schema in sorted(changed.items())}


def restored(schema: Document) -> Document:
    """Undo: ``type: [T, "null"]`` where a field is optional, ``#/$defs/``, the enum of apiVersion and kind.

    Upstream's document has no enum of its own, so all of them go.
    """
    made = {name: value for name, value in schema.items() if name != "enum"}
    if isinstance(made.get("type"), list):
        made["type"] = made["type"][0]
    if "$ref" in made:
        made["$ref"] = made["$ref"].replace("#/$defs/", "#/definitions/")
    if "properties" in made:
        made["properties"] = {name: restored(each) for name, each in made["properties"].items()}
    for name in ("items", "additionalProperties"):
        if name in made:
            made[name] = restored(made[name])
    return made


def without_descriptions(definitions: Document) -> Document:
    return {name: structure(schema) for name, schema in definitions.items()}


def structure(schema: Document) -> Document:
    """What a schema says to machines."""
    left_out = ("description", "x-kubernetes-group-version-kind", "x-kubernetes-unions")
    made = {name: value for name, value in schema.items() if name not in left_out}
    if "properties" in made:
        made["properties"] = {name: structure(each) for name, each in made["properties"].items()}
    for name in ("items", "additionalProperties"):
        if name in made:
            made[name] = structure(made[name])
    return made


def kinds(definitions: Document) -> dict[str, str]:
    """The definition of every kind. A definition that serves many groups (DeleteOptions) is the core group's."""
    found: dict[str, str] = {}
    for name, schema in definitions.items():
        served = schema.get("x-kubernetes-group-version-kind", ())
        for each in served:
            group_version = f"{each['group']}/{each['version']}" if each["group"] else each["version"]
            if len(served) == 1 or not each["group"]:
                found[f"{group_version}/{each['kind']}"] = name
    return found


def compact(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def write(path: Path, content: bytes) -> None:
    """Whole or not at all: several set-ups of one checkout may run."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
