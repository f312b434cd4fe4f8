"""Objects of the hand-made schema, as hypothesis makes them, and managers."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.kube.machinery.patches.schemas import OBJECT
from wherry.kube.machinery.apply.managed import Manager
from wherry.kube.machinery.schema.model import Schema

Object = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.sampled_from(["1", "2", "3"])


def _keyed(strategy: st.SearchStrategy[Object], *keys: str) -> st.SearchStrategy[list[Object]]:
    return st.lists(strategy, min_size=1, max_size=4, unique_by=lambda each: tuple(each.get(key) for key in keys))


VARIABLES = _keyed(st.fixed_dictionaries({"name": NAMES}, optional={"value": VALUES}), "name")
PORTS = _keyed(
    st.fixed_dictionaries(
        {"port": st.integers(1, 3), "protocol": st.sampled_from(["TCP", "UDP"])}, optional={"name": NAMES}
    ),
    "port",
    "protocol",
)
ITEMS = _keyed(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "image": VALUES,
            "variables": VARIABLES,
            "ports": PORTS,
            "args": st.lists(VALUES, min_size=1, max_size=2),
        },
    ),
    "name",
)
LABELS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=3)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "paused": st.booleans(),
        "selector": st.fixed_dictionaries({"labels": LABELS}),
        "items": ITEMS,
        "finalizers": st.lists(NAMES, unique=True, min_size=1, max_size=4),
        "args": st.lists(NAMES, min_size=1, max_size=3),
        "limits": st.dictionaries(NAMES, st.integers(0, 2), min_size=1, max_size=3),
        "opaque": LABELS,
        "nested": st.dictionaries(NAMES, st.fixed_dictionaries({"a": VALUES}), min_size=1, max_size=2),
        "anything": st.dictionaries(
            NAMES, st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=2), LABELS), min_size=1, max_size=2
        ),
    },
).filter(bool)
OBJECTS: st.SearchStrategy[Object] = st.builds(
    lambda spec, labels: obj(spec, labels=labels) if labels else obj(spec), SPECS, st.none() | LABELS
)


def obj(spec: Object | None = None, **metadata: Any) -> Object:
    """An object named x."""
    found: Object = {"apiVersion": "test/v1", "kind": "Object", "metadata": {"name": "x", **metadata}}
    return {**found, "spec": spec} if spec is not None else found


def manager(
    name: str = "me",
    operation: str = "Apply",
    time: str = "2026-01-01T00:00:00Z",
    *,
    subresource: str = "",
    schema: Schema = OBJECT,
    api_version: str = "test/v1",
    reset_fields: tuple[str, ...] = (),
) -> Manager:
    """Of a request."""
    return Manager(name, operation, api_version, time, subresource, schema, reset_fields=reset_fields)


def entry(document: Object, name: str, operation: str = "Apply", subresource: str = "") -> Object:
    """The entry of a manager."""
    found = [
        each
        for each in document["metadata"].get("managedFields", [])
        if (each["manager"], each["operation"], each.get("subresource", "")) == (name, operation, subresource)
    ]
    assert len(found) == 1, found
    return found[0]


def names(document: Object) -> list[str]:
    """All managers, in order."""
    return [each["manager"] for each in document["metadata"].get("managedFields", [])]


def bare(document: Object) -> Object:
    """Without managedFields."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "managedFields"}
    return {**document, "metadata": metadata}
