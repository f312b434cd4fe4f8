"""A schema with one of everything that patches and server-side apply treat differently, made by hand."""

from collections.abc import Mapping
from typing import Any

from wherry.kube.machinery.schema.model import Schema

TEXT = Schema(type="string")
NUMBER = Schema(type="integer")


def struct(name: str = "", /, *, map_type: Any = "", strategies: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """An object with these fields."""
    made: Mapping[str, Schema] = fields
    return Schema(
        type="object",
        name=name,
        map_type=map_type,
        patch_strategies=frozenset(strategies),
        resolve_properties=lambda: made,
    )


def mapping(values: Schema = TEXT, map_type: Any = "") -> Schema:
    """A map."""
    return Schema(type="object", map_type=map_type, resolve_additional=lambda: values)


def listing(items: Schema, *keys: str, list_type: Any = "", strategies: tuple[str, ...] = ()) -> Schema:
    """A list; its first key is strategic merge's."""
    return Schema(
        type="array",
        list_type=list_type,
        list_map_keys=keys,
        patch_merge_key=keys[0] if keys else "",
        patch_strategies=frozenset(strategies),
        resolve_items=lambda: items,
    )


PORT = struct(
    "test.Port",
    port=NUMBER,
    protocol=Schema(type="string", default="TCP"),
    name=TEXT,
)
VARIABLE = struct("test.Variable", name=TEXT, value=TEXT)
ITEM = struct(
    "test.Item",
    name=TEXT,
    image=TEXT,
    variables=listing(VARIABLE, "name", list_type="map", strategies=("merge",)),
    ports=listing(PORT, "port", "protocol", list_type="map", strategies=("merge",)),
    args=listing(TEXT, list_type="atomic"),
    source=struct("test.Source", strategies=("retainKeys",), kind=TEXT, path=TEXT, url=TEXT),
)
SPEC = struct(
    "test.Spec",
    replicas=NUMBER,
    paused=Schema(type="boolean"),
    selector=struct("test.Selector", map_type="atomic", labels=mapping(), expressions=listing(TEXT)),
    items=listing(ITEM, "name", list_type="map", strategies=("merge",)),
    volumes=listing(ITEM, "name", list_type="map", strategies=("merge", "retainKeys")),
    finalizers=listing(TEXT, list_type="set", strategies=("merge",)),
    weights=listing(NUMBER, list_type="set", strategies=("merge",)),
    args=listing(TEXT),
    replaced=struct("test.Replaced", strategies=("replace",), a=TEXT, b=TEXT),
    strategy=struct("test.Strategy", strategies=("retainKeys",), type=TEXT, rolling=struct("test.R", surge=NUMBER)),
    limits=mapping(Schema(int_or_string=True)),
    opaque=mapping(map_type="atomic"),
    nested=mapping(struct("test.Nested", a=TEXT, b=TEXT)),
    anything=Schema(preserve_unknown=True),
    matrix=listing(listing(TEXT), strategies=("merge",)),
    unkeyed=listing(VARIABLE, strategies=("merge",)),
)
META = struct(
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    name=TEXT,
    namespace=TEXT,
    uid=TEXT,
    resourceVersion=TEXT,
    creationTimestamp=TEXT,
    generation=NUMBER,
    labels=mapping(),
    annotations=mapping(),
    finalizers=listing(TEXT, list_type="set", strategies=("merge",)),
    managedFields=listing(Schema(preserve_unknown=True), list_type="atomic"),
)
OBJECT = struct(
    "test.Object",
    apiVersion=TEXT,
    kind=TEXT,
    metadata=META,
    spec=SPEC,
    status=struct("test.Status", replicas=NUMBER, phase=TEXT),
)
