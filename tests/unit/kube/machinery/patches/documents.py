"""JSON for tests: any, and objects as hypothesis makes them."""

from typing import Any

from hypothesis import strategies as st

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4), max_leaves=20
)
OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.text(), JSON, max_size=5)


def nested(depth: int) -> dict[str, Any]:
    """An object that deep."""
    found: dict[str, Any] = {}
    for _ in range(depth - 1):
        found = {"a": found}
    return found
