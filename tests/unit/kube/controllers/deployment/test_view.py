import pytest

from tests.unit.kube.controllers.deployment.deployments import deployment, recreating
from wherry.kube.controllers.deployment import view


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, 1, 1, (1, 1)),
        (4, "25%", "25%", (1, 1)),
        (3, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (3, 0, "25%", (0, 1)),
        (1, 0, "50%", (0, 1)),
        (2, 0, 5, (0, 2)),
        (0, "25%", 5, (0, 0)),
        (5, "100%", 0, (5, 0)),
    ],
)
def test_surge_is_rounded_up_and_unavailable_down_but_not_both_to_nothing(
    replicas: int, surge: int | str, unavailable: int | str, expected: tuple[int, int]
) -> None:
    found = deployment(replicas, surge=surge, unavailable=unavailable)
    assert (view.max_surge(found), view.max_unavailable(found)) == expected


def test_recreate_has_neither() -> None:
    assert (view.max_surge(recreating()), view.max_unavailable(recreating())) == (0, 0)


def test_the_largest_number_is_no_limit() -> None:
    found = deployment(progressDeadlineSeconds=view.INT32_MAX, revisionHistoryLimit=view.INT32_MAX)
    assert view.deadline_seconds(found) is view.history_limit(found) is None
    assert (view.deadline_seconds(deployment()), view.history_limit(deployment())) == (600, 10)


def test_annotations_are_copied_but_for_those_that_are_each_sets_own() -> None:
    found = deployment()
    found["metadata"]["annotations"] = {
        "team": "a", view.REVISION: "7", "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }  # fmt: skip
    assert view.new_annotations(found, {"old": "b"}, 2) == {"old": "b", "team": "a", view.REVISION: "2"}


def test_a_revision_only_rises_and_remembers_what_it_was() -> None:
    found = deployment()
    again = view.new_annotations(found, {view.REVISION: "1"}, 3)
    assert again == {view.REVISION: "3", view.REVISION_HISTORY: "1"}
    assert view.new_annotations(found, again, 5)[view.REVISION_HISTORY] == "1,3"
    assert view.new_annotations(found, again, 2) == again
    long = {view.REVISION: "9", view.REVISION_HISTORY: ",".join(["1234"] * 400)}
    kept = view.new_annotations(found, long, 10)[view.REVISION_HISTORY]
    assert len(kept) <= 2000 and kept.endswith(",1234,9")


@pytest.mark.parametrize(("text", "expected"), [("3", 3), ("-1", -1), ("", None), ("x", None), ("1.5", None)])
def test_numbers_in_annotations(text: str, expected: int | None) -> None:
    assert view.number_in({"n": text}, "n") == expected


def test_a_rollout_is_complete_when_all_figures_are_those_wanted() -> None:
    done = {"updatedReplicas": 4, "replicas": 4, "availableReplicas": 4, "observedGeneration": 1}
    assert view.is_complete(deployment(), done)
    for name in done:
        assert not view.is_complete(deployment(), {**done, name: 0})
    assert view.is_complete(deployment(0), {"observedGeneration": 1})
