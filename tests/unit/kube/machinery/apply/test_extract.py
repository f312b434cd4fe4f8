"""What a manager owns."""

import pytest
from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, bare, manager, obj
from tests.unit.kube.machinery.patches.schemas import OBJECT
from wherry.kube.machinery.apply.apply import server_side_apply
from wherry.kube.machinery.apply.extract import extract


@given(OBJECTS, OBJECTS)
def test_it_is_what_the_manager_applied(mine: Object, theirs: Object) -> None:
    live = server_side_apply(None, theirs, manager("other"), False)
    live = server_side_apply(live, mine, manager("me"), True)
    found = extract(live, "me", OBJECT)
    again = server_side_apply(live, found, manager("me"), False)
    assert again == live
    assert bare(server_side_apply(None, found, manager(), False)) == found


def test_who_applied_nothing_owns_nothing_but_knows_which_object() -> None:
    live = server_side_apply(None, obj({"replicas": 1}, namespace="n"), manager("other"), False)
    assert extract(live, "me", OBJECT) == {
        "apiVersion": "test/v1",
        "kind": "Object",
        "metadata": {"name": "x", "namespace": "n"},
    }


def test_managed_fields_that_make_no_sense_are_an_error() -> None:
    with pytest.raises(ValueError, match="operation"):
        extract(obj({}, managedFields=[{"manager": "x"}]), "x", OBJECT)
