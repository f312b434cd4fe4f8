from collections import Counter

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.model import ALL_VERBS, Kind

KINDS = builtin()
STORED = [kind for kind in KINDS if "get" in kind.verbs]
ONE_AT_A_TIME = pytest.mark.parametrize("kind", STORED, ids=lambda kind: str(kind.resource))


def repeated(items: list[object]) -> list[object]:
    return [item for item, count in Counter(items).items() if count > 1]


def test_no_kind_is_there_twice() -> None:
    assert not repeated([kind.resource for kind in KINDS])
    assert not repeated([kind.group_kind for kind in KINDS])


def test_short_names_of_a_group_are_used_once() -> None:
    """Between groups they are not: events are ``ev`` in both."""
    assert not repeated([(kind.group, name) for kind in KINDS for name in (kind.plural, *kind.short_names)])


def test_the_core_group_comes_first() -> None:
    assert KINDS[0].group == ""
    assert {kind.group for kind in KINDS} >= {"", "apps", "batch", "rbac.authorization.k8s.io", "networking.k8s.io"}


@ONE_AT_A_TIME
def test_a_kind_has_what_the_server_asks_for(kind: Kind) -> None:
    assert kind.stored_as is not None or kind.version(kind.storage) is not None
    assert set(kind.verbs) <= set(ALL_VERBS)
    for version in kind.versions:
        schema = version.schema()
        assert schema.type == "object"
        assert ("status" in schema.properties) >= kind.has_status
    assert kind.strategy is kind.strategy  # made once


@ONE_AT_A_TIME
def test_a_row_has_a_cell_for_each_column(kind: Kind) -> None:
    obj = {"metadata": {"name": "a", "namespace": "default", "creationTimestamp": CREATED}}
    kind.strategy.default(obj)
    rows = [(kind.columns, kind.cells), *((each.columns, each.cells) for each in kind.versions)]
    for columns, cells in rows:
        if cells is not None:
            assert columns is not None
            assert len(cells(obj, NOW)) == len(columns)
            assert columns[0].name == "Name" or "Name" in [each.name for each in columns]


@ONE_AT_A_TIME
def test_all_fields_to_select_by_are_given(kind: Kind) -> None:
    fields = kind.fields({"metadata": {"name": "a", "namespace": "default"}})
    assert {*kind.selectable, "metadata.name", "metadata.namespace"} <= fields.keys()
