"""Good objects of every kind with a few fields made wild, and whatever can be done to them: an answer for each, never a
fault of the server. ``TEST_WILD_SEED`` and ``TEST_WILD_ROUNDS`` make it another, and longer."""

import copy
import json
import os
from random import Random
from typing import Any

import pytest

from tests.unit.kube.apiserver.conftest import Place, key, place
from tests.unit.kube.kinds.generated import value as generated
from tests.unit.kube.kinds.test_lives import GOOD, OWN_NAMES
from wherry.kube.client.model import PatchType
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.status import StatusError

__all__ = ["key", "place"]

SEED = int(os.environ.get("TEST_WILD_SEED", "1"))
ROUNDS = int(os.environ.get("TEST_WILD_ROUNDS", "12"))
CONTAINER = {
    "name": "c",
    "image": "x:1",
    "ports": [{"containerPort": 80, "name": "w"}],
    "env": [{"name": "A", "value": "b"}],
}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [CONTAINER]}}
STORAGE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
CORE: dict[str, Object] = {
    "configmaps": {"data": {"a": "b"}},
    "endpoints": {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]},
    "events": {"involvedObject": {"namespace": "default", "name": "x", "kind": "Pod"}, "reason": "r", "type": "Normal"},
    "limitranges": {"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}},
    "namespaces": {},
    "nodes": {"spec": {}},
    "persistentvolumeclaims": {"spec": STORAGE},
    "persistentvolumes": {
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
    },
    "pods": {"spec": {"containers": [CONTAINER], "volumes": [{"name": "v", "emptyDir": {}}]}},
    "podtemplates": {"template": TEMPLATE},
    "replicationcontrollers": {"spec": {"selector": {"a": "b"}, "template": TEMPLATE}},
    "resourcequotas": {"spec": {"hard": {"pods": "1000000"}}},
    "secrets": {"data": {"a": "eA=="}},
    "serviceaccounts": {},
    "services": {"spec": {"ports": [{"port": 80, "name": "a"}], "selector": {"a": "b"}}},
}
BASES = {**GOOD, **CORE}
KINDS = [kind for kind in builtin() if "update" in kind.verbs]
PARTS = ("status", "scale", "ephemeralcontainers", "resize", "approval", "finalize")
DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/x")
_JUNK: tuple[Any, ...] = (
    None, 0, -1, 1.5, True, "", [], {}, "a b", [None], {"": None}, 2**63, "é\x00", [[]], [{}], {"a": {"b": 1}},
    "x" * 300,
)  # fmt: skip


class Wild:
    """Makes objects wild, each time otherwise."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def junk(self) -> Any:
        return copy.deepcopy(self.random.choice(_JUNK))

    def some(self, schema: Schema | None) -> Any:
        if self.random.random() < 0.2:
            return self.junk()
        return generated(schema, self.random, self.random.choice((2, 4, 6, 9)))

    def change(self, value: Any, schema: Schema | None) -> None:
        """One thing in an object or list, or in something in it."""
        if schema is None or not isinstance(value, dict | list):
            return
        if isinstance(value, list):
            self._change_list(value, schema)
            return
        names = [each for each in schema.properties if each not in ("apiVersion", "kind", "managedFields")]
        below = [each for each in names if isinstance(value.get(each), dict | list)]
        if below and self.random.random() < 0.65:
            name = self.random.choice(below)
            self.change(value[name], schema.properties[name])
        elif not names:
            value[self.random.choice(("a", "", "x/y", "A b", "cpu", "a" * 300))] = self.some(schema.additional)
        elif self.random.random() < 0.1:
            value.pop(self.random.choice(names), None)
        else:
            name = self.random.choice(names)
            value[name] = self.some(schema.properties[name])

    def _change_list(self, value: list[Any], schema: Schema) -> None:
        if not value or self.random.random() < 0.2:
            value.append(self.some(schema.items))
            return
        index = self.random.randrange(len(value))
        if isinstance(value[index], dict | list) and self.random.random() < 0.7:
            self.change(value[index], schema.items)
        elif self.random.random() < 0.3:
            value.append(copy.deepcopy(value[index]))
        else:
            value[index] = self.some(schema.items)


async def _life(place: Place, kind: Kind, wild: Wild) -> None:
    """An object that is made and changed a few times, and goes. Raises what is no refusal."""
    name, namespace = OWN_NAMES.get(kind.plural, "x"), "default" if kind.namespaced else ""
    resource = GroupVersionResource(kind.group, kind.storage, kind.plural)
    good: Object = {"metadata": {"name": name}, **copy.deepcopy(BASES[kind.plural])}
    wilder = copy.deepcopy(good)
    wild.change(wilder, next(each for each in kind.versions if each.name == kind.storage).schema())
    for each in (wilder, good):
        if isinstance(each.get("metadata"), dict):
            await _answered(place.client.create(resource, each, namespace), each)
    for _ in range(4):
        version = wild.random.choice(kind.versions)
        shown = GroupVersionResource(kind.group, version.name, kind.plural)
        live = await _answered(place.client.get(shown, name, namespace), name)
        if live is not None:
            await _change(place, shown, live, (kind, version.schema()), wild)
            list(kind.cells(live, place.server.options.clock()) if kind.cells else ())
    await _answered(place.client.delete(resource, name, namespace, options={"gracePeriodSeconds": 0}), name)
    left = await _answered(place.client.get(resource, name, namespace), name)
    if left is not None:
        left["metadata"]["finalizers"] = []
        await _answered(place.client.update(resource, left, namespace), left)


async def _change(
    place: Place, resource: GroupVersionResource, live: Object, what: tuple[Kind, Schema], wild: Wild
) -> None:
    kind, schema = what
    meta = live["metadata"]
    name, namespace = meta["name"], meta.get("namespace", "")
    new = copy.deepcopy(live)
    for _ in range(wild.random.randrange(1, 3)):
        wild.change(new, schema)
    part = wild.random.choice(["", "", *(each for each in kind.subresources if each in PARTS)])
    change: Any = {each: new[each] for each in new if new[each] != live.get(each)}
    how = wild.random.choice(["update", *PatchType])
    if how == "update":
        if isinstance(new.get("metadata"), dict) and new["metadata"].get("name") == name:
            await _answered(place.client.update(resource, new, namespace, subresource=part), new)
        return
    if how is PatchType.APPLY:
        change = new
        if isinstance(new.get("metadata"), dict):
            new["metadata"].pop("managedFields", None)
    elif how is PatchType.STRATEGIC and isinstance(change.get("spec"), dict):
        said = wild.random.choice(("replace", "delete", ["name"], [{"name": "c"}], 1))
        change["spec"][wild.random.choice(DIRECTIVES)] = said
    elif how is PatchType.JSON:
        path = f"/{wild.random.choice(list(new))}{wild.random.choice(('', '/0', '/-', '/containers/0', '/a~1b'))}"
        operation = wild.random.choice(("add", "replace", "test", "remove", "copy", "move"))
        change = [{"op": operation, "path": path, "from": "/spec", "value": wild.junk()}]
    force = wild.random.random() < 0.7
    options: Any = {"type": PatchType(how), "subresource": part, "manager": "m", "force": force}
    await _answered(place.client.patch(resource, name, change, namespace, **options), change)


async def _answered(call: Any, sent: Any) -> Any:
    """The answer; None of a refusal."""
    try:
        return await call
    except StatusError as error:
        assert error.code < 500, f"{error}\n{json.dumps(sent)}"
        return None
    except Exception as error:
        error.add_note(json.dumps(sent, default=str)[:3000])
        raise


@pytest.mark.parametrize("kind", KINDS, ids=[kind.plural for kind in KINDS])
async def test_wild_objects_are_answered(kind: Kind, place: Place) -> None:
    wild = Wild(f"{SEED} {kind.plural}")
    for _ in range(ROUNDS):
        await _life(place, kind, wild)
