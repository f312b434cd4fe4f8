"""One node of a schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["", "object", "array", "string", "integer", "number", "boolean"]
MISSING: Any = object()  # of no type: it stands where a default would
"""There is no default."""


@dataclass(slots=True, eq=False)
class Schema:
    """What OpenAPI says of one value, with the extensions of Kubernetes resolved. Not changed once made.

    Built-in definitions refer to each other, in circles too: ``properties``, ``items`` and ``additional`` are resolved
    when first asked for, and the same definition is the same object wherever nothing beside its ``$ref`` differs.
    """

    type: Kind = ""
    """Empty: anything (and then ``int_or_string``, ``quantity`` or ``preserve_unknown`` say more)."""
    format: str = ""
    name: str = ""
    """Of the definition, such as ``io.k8s.api.core.v1.PodSpec``; empty for an inline one."""
    required: tuple[str, ...] = ()
    nullable: bool = False
    enum: tuple[Any, ...] = ()
    default: Any = MISSING
    int_or_string: bool = False
    quantity: bool = False
    """A number or a text in the form of resource.Quantity."""
    preserve_unknown: bool = False
    """Fields that no property names are kept (``x-kubernetes-preserve-unknown-fields``, ``RawExtension``)."""
    embedded: bool = False
    """An object with apiVersion, kind and metadata of its own."""
    list_type: Literal["", "atomic", "set", "map"] = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: Literal["", "granular", "atomic"] = ""
    patch_strategies: frozenset[str] = frozenset()
    """Of strategic merge: ``merge``, ``replace``, ``retainKeys``."""
    patch_merge_key: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    """What JSON Schema has besides, under its own names: ``minimum``, ``maxLength``, ``pattern``, ``oneOf`` …"""
    resolve_properties: "Callable[[], Mapping[str, Schema]] | None" = None
    resolve_items: "Callable[[], Schema] | None" = None
    resolve_additional: "Callable[[], Schema] | None" = None
    _properties: "Mapping[str, Schema] | None" = None
    _items: "Schema | None" = None
    _additional: "Schema | None" = None

    @property
    def properties(self) -> "Mapping[str, Schema]":
        """By name; empty for what is no object with fixed fields."""
        if self._properties is None:
            self._properties = self.resolve_properties() if self.resolve_properties else {}
        return self._properties

    @property
    def items(self) -> "Schema | None":
        """Of an array's elements."""
        if self._items is None and self.resolve_items:
            self._items = self.resolve_items()
        return self._items

    @property
    def additional(self) -> "Schema | None":
        """Of a map's values (``additionalProperties``); None where there are none, or no map."""
        if self._additional is None and self.resolve_additional:
            self._additional = self.resolve_additional()
        return self._additional

    def child(self, name: str) -> "Schema | None":
        """Of a field or a map's entry; None where nothing is known of it."""
        found = self.properties.get(name)
        return self.additional if found is None else found

    @property
    def is_map(self) -> bool:
        """An object whose keys are data: labels, annotations, ``data``."""
        return self.type == "object" and self.additional is not None and not self.properties
