"""The order of versions."""

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.custom.priority import by_priority, priority

# The example of upstream's documentation.
ORDER = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10", "v0"]


@given(st.permutations(ORDER))
def test_the_stable_come_first_and_the_newer_before_the_older(names: list[str]) -> None:
    assert sorted(names, key=priority) == ORDER


def test_versions_of_a_definition_are_put_in_order() -> None:
    found = by_priority([{"name": "v1beta1"}, {"name": "v1"}])
    assert [each["name"] for each in found] == ["v1", "v1beta1"]
