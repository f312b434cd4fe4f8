"""Objects made from schemas, right ones and nearly right ones."""

from typing import Any

from hypothesis import strategies as st

from wherry.kube.machinery.schema.model import Schema

TEXTS = st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def fitting(schema: Schema, depth: int = 4) -> st.SearchStrategy[Any]:
    """Values that conform, but for null in any place and fields that nobody knows."""
    if schema.quantity:
        return st.sampled_from(["1", "100m", "1Gi", "0.5", 2])
    if schema.int_or_string:
        return st.integers(0, 100) | TEXTS
    if schema.type == "array" and schema.items and depth:
        return st.lists(fitting(schema.items, depth - 1) | st.none(), max_size=2)
    if schema.type == "object" and schema.additional:
        values = fitting(schema.additional, depth - 1) if depth else st.none()
        return st.dictionaries(TEXTS, values | st.none(), max_size=2)
    if schema.type == "object":
        return _object(schema, depth)
    return _plain(schema)


def _object(schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    known = sorted(schema.properties) if depth else []
    if not known:
        return st.dictionaries(st.just("unknown"), JSON, max_size=1)

    @st.composite
    def made(draw: st.DrawFn) -> dict[str, Any]:
        names = draw(st.lists(st.sampled_from([*known, "unknown"]), max_size=4, unique=True))
        return {
            name: draw(JSON if name == "unknown" else st.none() | fitting(schema.properties[name], depth - 1))
            for name in names
        }

    return made()


def _plain(schema: Schema) -> st.SearchStrategy[Any]:
    if schema.type == "integer":
        return st.integers(-(2**31), 2**31 - 1)
    if schema.type == "number":
        return st.floats(allow_nan=False, allow_infinity=False)
    if schema.type == "boolean":
        return st.booleans()
    if schema.format == "byte":
        return st.sampled_from(["", "YQ==", "YWI=", "YWJj", "YW\nJj"])
    if schema.format == "date-time":
        return st.sampled_from(["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.25+02:00"])
    return TEXTS if schema.type == "string" else st.none() if schema.type else JSON


def mistaken(schema: Schema, depth: int = 4) -> st.SearchStrategy[Any]:
    """Objects where anything may stand anywhere."""
    known = sorted(schema.properties)
    if not known or not depth:
        return JSON
    return st.one_of(
        fitting(schema, depth),
        st.lists(st.sampled_from(known), max_size=3, unique=True).flatmap(
            lambda names: st.fixed_dictionaries(
                {name: st.one_of(JSON, mistaken(schema.properties[name], depth - 1)) for name in names}
            )
        ),
    )


def crd_schemas(depth: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Documents of definitions, with defaults that have no unknown fields."""
    names = st.sampled_from("abc")
    plain: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "default": "x"},
            {"type": "integer", "nullable": True, "default": 1},
            {"x-kubernetes-int-or-string": True},
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "default": {"a": 1}},
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-embedded-resource": True},
            {"type": "object", "additionalProperties": True},
        ]
    )
    if depth == 0:
        return plain
    below = crd_schemas(depth - 1)
    fields: dict[str, st.SearchStrategy[Any]]
    fields = {"type": st.just("object"), "properties": st.dictionaries(names, below, max_size=3)}
    lists: st.SearchStrategy[dict[str, Any]] = below.map(lambda each: {"type": "array", "items": each})
    return st.one_of(
        plain,
        lists,
        below.map(lambda each: {"type": "object", "additionalProperties": each}),
        st.fixed_dictionaries(fields, optional={"default": st.just({}), "nullable": st.booleans()}),
    )
