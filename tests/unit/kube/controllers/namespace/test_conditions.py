from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.namespace.conditions import Found, conditions
from wherry.kube.machinery.model import GroupResource, Object

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PODS = GroupResource("", "pods")


def shown(found: Found) -> dict[str, tuple[str, str, str]]:
    return {each["type"]: (each["status"], each["reason"], each["message"]) for each in conditions([], found, NOW)}


def test_all_is_said_to_be_well_when_it_is() -> None:
    assert shown(Found()) == {
        "NamespaceDeletionDiscoveryFailure": ("False", "ResourcesDiscovered", "All resources successfully discovered"),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False", "ParsedGroupVersions", "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": ("False", "ContentRemoved", "All content successfully removed"),
        "NamespaceFinalizersRemaining": (
            "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished",
        ),
    }  # fmt: skip


def test_what_stands_in_the_way_is_counted() -> None:
    found = Found(remaining={PODS: 2, GroupResource("apps", "deployments"): 1}, finalizers={"a/b": 2})
    said = shown(found)
    assert said["NamespaceContentRemaining"] == (
        "True", "SomeResourcesRemain",
        "Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances",
    )  # fmt: skip
    assert said["NamespaceFinalizersRemaining"] == (
        "True", "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: a/b in 2 resource instances",
    )  # fmt: skip


def test_errors_are_told_once_each() -> None:
    said = shown(Found(discovery_error="no answer", errors=["b", "a", "b"]))
    assert said["NamespaceDeletionDiscoveryFailure"] == ("True", "DiscoveryFailed", "no answer")
    assert said["NamespaceDeletionContentFailure"] == (
        "True", "ContentDeletionFailed", "Failed to delete all resource types, 2 remaining: [a, b]",
    )  # fmt: skip


def test_a_time_moves_when_true_becomes_false_only() -> None:
    first = conditions([], Found(remaining={PODS: 2}), NOW)
    later = NOW + timedelta(minutes=1)
    second = conditions(first, Found(remaining={PODS: 1}), later)
    third = conditions(second, Found(), later)
    times = [
        next(each["lastTransitionTime"] for each in found if each["type"] == "NamespaceContentRemaining")
        for found in (first, second, third)
    ]
    assert times == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"]


@given(st.lists(st.sampled_from(["Mine", "NamespaceContentRemaining"]), unique=True), st.integers(0, 3))
def test_saying_it_again_changes_nothing_and_others_are_kept(types: list[str], left: int) -> None:
    old: list[Object] = [{"type": each, "status": "True"} for each in types]
    found = Found(remaining={PODS: left} if left else {})
    once = conditions(old, found, NOW)
    assert conditions(once, found, NOW + timedelta(days=1)) == once
    assert ("Mine" in types) == any(each["type"] == "Mine" for each in once)
    assert found.is_done == (not left)
