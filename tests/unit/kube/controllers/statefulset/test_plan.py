from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.statefulset.sets import (
    NEW,
    OLD,
    claim,
    ending,
    member,
    planned,
    said,
    stateful,
    with_claims,
)
from tests.unit.kube.controllers.workloads import reference
from wherry.kube.controllers.statefulset import view
from wherry.kube.machinery.model import Object


def unready(owner: Object, ordinal: int, **state: Any) -> Object:
    return member(owner, ordinal, ready=False, **state)


def all_of(owner: Object, **state: Any) -> list[Object]:
    return [member(owner, ordinal, **state) for ordinal in view.ordinals_of(owner)]


# One after another


def test_pods_come_in_order_each_when_those_before_it_are_well() -> None:
    mine = stateful()
    assert said(planned(mine)) == ["+db-0"]
    assert said(planned(mine, unready(mine, 0))) == []
    assert said(planned(mine, member(mine, 0))) == ["+db-1"]
    assert said(planned(mine, member(mine, 1))) == ["+db-0"]
    assert said(planned(mine, *all_of(mine))) == [] and not planned(mine).at_once
    begun = stateful(ordinals={"start": 4})
    assert said(planned(begun, member(begun, 4))) == ["+db-5"]


def test_a_pod_is_gone_before_there_is_another_of_its_name() -> None:
    mine = stateful()
    assert said(planned(mine, ending(mine, 0))) == []
    assert said(planned(mine, member(mine, 0, phase="Failed", ready=False))) == ["-db-0"]
    assert said(planned(mine, ending(mine, 0, phase="Failed", ready=False))) == []


def test_it_waits_until_a_pod_has_been_ready_for_long_enough() -> None:
    mine = stateful(minReadySeconds=90)
    found = planned(mine, member(mine, 0))
    assert said(found) == [] and found.again == 30.0


def test_too_many_pods_go_from_the_last_and_only_when_all_others_are_well() -> None:
    mine = stateful(1)
    here = [member(mine, 0), member(mine, 1), member(mine, 2)]
    assert said(planned(mine, *here)) == ["-db-2"]
    assert said(planned(mine, unready(mine, 0), *here[1:])) == []
    assert said(planned(mine, here[0], here[1], ending(mine, 2))) == []
    assert said(planned(mine, here[0], unready(mine, 1), here[2])) == ["-db-2"]
    assert said(planned(mine, here[0], unready(mine, 1), unready(mine, 2))) == []
    assert said(planned(mine, *here[:2], unready(mine, 2))) == ["-db-2"]


def test_an_update_goes_from_the_last_to_the_first_one_at_a_time() -> None:
    mine = stateful()
    assert said(planned(mine, *all_of(mine, old=True), current=OLD)) == ["-db-2"]
    assert said(planned(mine, *(member(mine, n, old=True) for n in (0, 1)), current=OLD)) == ["+db-2"]
    here = [member(mine, 0, old=True), member(mine, 1, old=True)]
    assert said(planned(mine, *here, unready(mine, 2), current=OLD)) == []
    assert said(planned(mine, *here, member(mine, 2), current=OLD)) == ["-db-1"]


def test_an_update_may_have_more_missing() -> None:
    mine = stateful(5, rolling={"maxUnavailable": 2})
    assert said(planned(mine, *all_of(mine, old=True), current=OLD)) == ["-db-4", "-db-3"]


def test_a_partition_holds_pods_back() -> None:
    mine = stateful(rolling={"partition": 2})
    assert said(planned(mine, *all_of(mine, old=True), current=OLD)) == ["-db-2"]
    here = [member(mine, 0, old=True), member(mine, 2)]
    (step,) = planned(mine, *here, current=OLD).steps
    assert step.create is not None and view.revision_of(step.create) == OLD["metadata"]["name"]
    assert step.create["spec"]["containers"][0]["image"] == "demo:0"
    (step,) = planned(mine, *(member(mine, n, old=True) for n in (0, 1)), current=OLD).steps
    assert step.create is not None and view.revision_of(step.create) == NEW["metadata"]["name"]
    assert said(planned(mine, *(member(mine, n, old=n < 2) for n in range(3)), current=OLD)) == []


def test_on_delete_nothing_is_replaced_but_new_pods_are_new() -> None:
    mine = stateful(updateStrategy={"type": "OnDelete"})
    assert said(planned(mine, *all_of(mine, old=True), current=OLD)) == []
    (step,) = planned(mine, *(member(mine, n, old=True) for n in (0, 1)), current=OLD).steps
    assert step.create is not None and view.revision_of(step.create) == NEW["metadata"]["name"]


def test_without_a_partition_as_many_are_current_as_the_status_says() -> None:
    mine = stateful(updateStrategy={"type": "RollingUpdate"})
    mine["status"]["currentReplicas"] = 1
    (step,) = planned(mine, current=OLD).steps
    assert step.create is not None and view.revision_of(step.create) == OLD["metadata"]["name"]


def test_labels_of_an_ordinal_are_put_back() -> None:
    mine = stateful(1)
    bare = member(mine, 0)
    del bare["metadata"]["labels"]["apps.kubernetes.io/pod-index"]
    assert said(planned(mine, bare)) == ["~db-0"]


def test_one_that_is_being_deleted_is_left_alone() -> None:
    mine = stateful()
    mine["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert said(planned(mine)) == []


# All at once


def test_in_parallel_nobody_waits() -> None:
    mine = stateful(3, parallel=True)
    assert said(planned(mine)) == ["+db-0", "+db-1", "+db-2"] and planned(mine).at_once
    assert said(planned(mine, unready(mine, 0), ending(mine, 1))) == ["+db-2"]
    less = stateful(1, parallel=True)
    assert said(planned(less, unready(less, 0), *(member(less, n) for n in (1, 2)), ending(less, 3))) == [
        "-db-2", "-db-1",
    ]  # fmt: skip


def test_in_parallel_an_update_replaces_those_that_serve_nobody_first() -> None:
    mine = stateful(4, parallel=True, rolling={"maxUnavailable": 2})
    old = all_of(mine, old=True)
    assert said(planned(mine, *old, current=OLD)) == ["-db-3", "-db-2"]
    broken = [unready(mine, 0, old=True), *old[1:]]
    assert said(planned(mine, *broken, current=OLD)) == ["-db-0", "-db-3"]
    broken = [unready(mine, n, old=True) for n in range(3)]
    assert said(planned(mine, *broken, old[3], current=OLD)) == ["-db-2", "-db-1", "-db-0"]


# Claims


def test_claims_are_made_before_their_pod() -> None:
    mine = with_claims(stateful())
    assert said(planned(mine)) == ["+data-db-0", "+db-0"]
    assert said(planned(mine, claims=[claim(mine, 0)])) == ["+db-0"]
    waiting = member(mine, 0, phase="Pending", ready=False)
    assert said(planned(mine, waiting)) == ["+data-db-0"]


def test_a_claim_that_is_about_to_go_holds_up_its_pod() -> None:
    mine = with_claims(stateful(), scaled="Delete")
    former = {**reference(member(mine, 0)), "uid": "former"}
    for held in (claim(mine, 0, former), claim(mine, 0, deletionTimestamp="2026-01-01T00:00:00Z")):
        found = planned(mine, claims=[held])
        assert said(found) == [] and found.again == 1.0


def test_claims_are_given_the_owners_that_the_policy_wants() -> None:
    mine = with_claims(stateful(1), "Delete", "Delete")
    (step,) = planned(mine).steps
    assert step.claims[0]["metadata"]["ownerReferences"] == [reference(mine)]
    here = [member(mine, 0), member(mine, 1)]
    found = planned(mine, *here, claims=[claim(mine, 0), claim(mine, 1, reference(mine))])
    assert said(found) == ["~data-db-0", "~data-db-1", "-db-1"]
    assert found.steps[1].own[0]["metadata"]["ownerReferences"] == [reference(here[1])]
    settled = [claim(mine, 0, reference(mine)), claim(mine, 1, reference(here[1]))]
    assert said(planned(mine, *here, claims=settled)) == ["-db-1"]


# Whole lives


STATES = st.sampled_from(["none", "old", "new", "unready", "ending", "failed"])


@given(
    st.integers(0, 4), st.lists(STATES, max_size=6), st.integers(0, 3), st.integers(1, 3), st.booleans(),
    st.lists(st.integers(0, 9), max_size=40),
)  # fmt: skip
def test_a_set_comes_to_rest_with_the_pods_it_should_have(
    replicas: int, states: list[str], partition: int, missing: int, parallel: bool, luck: list[int]
) -> None:
    mine = stateful(replicas, rolling={"partition": partition, "maxUnavailable": missing}, parallel=parallel)
    pods = {ordinal: found for ordinal, state in enumerate(states) if (found := _in_state(mine, ordinal, state))}
    for number in [*luck, *range(150)]:
        for step in planned(mine, *pods.values(), current=OLD).steps:
            if step.create is not None:
                ordinal = view.ordinal_of(step.create, mine)
                assert ordinal is not None and ordinal not in pods, "two of one ordinal"
                is_old = view.revision_of(step.create) == OLD["metadata"]["name"]
                pods[ordinal] = unready(mine, ordinal, old=is_old)
            if step.delete is not None:
                step.delete["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        _let_live(mine, pods, number)
    assert said(planned(mine, *pods.values(), current=OLD)) == []
    assert sorted(pods) == list(range(replicas))
    assert all(view.revision_of(pods[each]) == NEW["metadata"]["name"] for each in range(partition, replicas))


def _in_state(owner: Object, ordinal: int, state: str) -> Object | None:
    if state == "none":
        return None
    if state == "ending":
        return ending(owner, ordinal)
    if state == "failed":
        return unready(owner, ordinal, phase="Failed")
    return unready(owner, ordinal) if state == "unready" else member(owner, ordinal, old=state == "old")


def _let_live(owner: Object, pods: dict[int, Object], number: int) -> None:
    """One pod goes that was told to, or becomes ready."""
    if not pods:
        return
    ordinal = sorted(pods)[number % len(pods)]
    if "deletionTimestamp" in pods[ordinal]["metadata"]:
        del pods[ordinal]
    elif pods[ordinal]["status"]["phase"] == "Running":
        pods[ordinal] = {**pods[ordinal], "status": member(owner, ordinal)["status"]}
