"""Whole plans, and rollouts made of them."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.deployment.deployments import deployment, recreating, replica_set
from tests.unit.kube.controllers.workloads import reference, template
from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.plan import Change, Facts, Plan, plan
from wherry.kube.machinery.model import Object

DONE = {"updatedReplicas": 4, "replicas": 4, "availableReplicas": 4, "observedGeneration": 1}


def planned(owner: Object, *sets: Object, pods_run: bool = False) -> Plan:
    return plan(Facts(owner, sets, lambda each: pods_run, reference))


def changed(found: Plan) -> list[tuple[str, int]]:
    """Names and sizes; -1: deleted."""
    return [
        (each.now["metadata"]["name"], -1) if each.then is None and each.now else
        ((each.then or {})["metadata"]["name"].partition("-")[2][:6], view.replicas_of(each.then or {}))
        for each in found.changes
    ]  # fmt: skip


def test_the_first_set_has_all_pods() -> None:
    mine = deployment()
    found = planned(mine)
    (only,) = found.changes
    assert only.now is None and only.then is not None and view.replicas_of(only.then) == 4
    assert found.new == only.then["metadata"]["name"] and found.is_rollout


def test_a_new_template_makes_a_set_and_shrinks_the_old_one_at_once_when_some_may_be_missing() -> None:
    mine = deployment()
    found = planned(mine, replica_set(mine, "demo:0", 4))
    assert [view.replicas_of(each.then or {}) for each in found.changes] == [3, 1]
    assert [each.now is None for each in found.changes] == [False, True]


def test_what_is_done_needs_nothing() -> None:
    mine = {**deployment(), "status": DONE}
    assert planned(mine, replica_set(mine, "demo:1", 4)) == Plan((), "web-demo-1", True)


def test_one_that_is_being_deleted_is_left_alone() -> None:
    mine = deployment()
    mine["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert planned(mine, replica_set(mine, "demo:0", 4)) == Plan((), "", False)


def test_while_it_is_paused_it_is_scaled_but_not_rolled_out() -> None:
    mine = deployment(6, paused=True)
    found = planned(mine, replica_set(mine, "demo:0", 4))
    assert changed(found) == [("demo-0", 6)] and not found.is_rollout and not found.new
    assert planned(mine) == Plan((), "", False)


def test_a_scale_comes_before_the_rollout_goes_on() -> None:
    mine = deployment(8)
    found = planned(mine, replica_set(mine, "demo:0", 4, told=4, most=5))
    assert changed(found) == [("demo-0", 8)] and not found.is_rollout


def test_recreate_waits_and_then_begins() -> None:
    mine = recreating()
    assert changed(planned(mine, replica_set(mine, "demo:0", 4))) == [("demo-0", 0)]
    assert planned(mine, replica_set(mine, "demo:0", 0), pods_run=True).changes == ()
    assert [view.replicas_of(each.then or {}) for each in planned(mine, replica_set(mine, "demo:0", 0)).changes] == [4]


def history(owner: Object, count: int) -> list[Object]:
    return [replica_set(owner, f"demo:old{number}", 0, revision=number + 1) for number in range(count)]


@pytest.mark.parametrize(
    ("limit", "gone"), [(2, ["web-demo-old0", "web-demo-old1"]), (0, [f"web-demo-old{n}" for n in range(4)]), (10, [])]
)
def test_when_it_is_done_only_so_many_old_sets_are_kept(limit: int, gone: list[str]) -> None:
    mine = {**deployment(revisionHistoryLimit=limit), "status": DONE}
    sets = [*reversed(history(mine, 4)), replica_set(mine, "demo:1", 4, revision=5)]
    assert sorted(name for name, size in changed(planned(mine, *sets)) if size < 0) == gone


def test_a_set_that_may_still_have_pods_is_not_cleaned_up() -> None:
    mine = {**deployment(revisionHistoryLimit=0), "status": DONE}
    last = replica_set(mine, "demo:1", 4, revision=5)
    for status in ({"replicas": 1}, {"observedGeneration": 0}):
        assert planned(mine, replica_set(mine, "demo:old", 0, **status), last).changes == ()
    dying = replica_set(mine, "demo:old", 0)
    dying["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert planned(mine, dying, last).changes == ()
    assert planned({**mine, "status": {}}, replica_set(mine, "demo:old", 0), last).changes == ()


def test_a_paused_one_is_cleaned_up_as_well() -> None:
    mine = deployment(revisionHistoryLimit=0, paused=True)
    found = planned(mine, replica_set(mine, "demo:old", 0), replica_set(mine, "demo:1", 4, revision=5))
    assert found.changes == (Change(replica_set(mine, "demo:old", 0), None),)


@dataclass
class World:
    """Sets with pods that become available when the test lets them."""

    owner: Object
    sets: dict[str, Object] = field(default_factory=dict)

    def step(self) -> bool:
        """Follow one plan. Whether there was anything to do."""
        found = plan(Facts(self.owner, tuple(self.sets.values()), self._pods_run, reference))
        for change in found.changes:
            name = ((change.then or change.now) or {})["metadata"]["name"]
            if change.then is None:
                del self.sets[name]
                continue
            before = self.sets.get(name, {"status": {"terminatingReplicas": 0}})
            size = view.replicas_of(change.then)
            meta = {**change.then["metadata"], "creationTimestamp": f"2026-01-01T00:00:{len(self.sets):02}Z"}
            meta["creationTimestamp"] = before.get("metadata", meta)["creationTimestamp"]
            status = {**before["status"], "replicas": size}
            status["availableReplicas"] = min(status.get("availableReplicas", 0), size)
            self.sets[name] = {**change.then, "metadata": meta, "status": status}
        return bool(found.changes)

    def _pods_run(self, each: Object) -> bool:
        return bool(each["status"].get("replicas"))

    def wake(self, number: int) -> None:
        """One more pod of some set is available."""
        names = [
            name for name, each in sorted(self.sets.items())
            if each["status"].get("availableReplicas", 0) < each["status"].get("replicas", 0)
        ]  # fmt: skip
        if names:
            status = self.sets[names[number % len(names)]]["status"]
            status["availableReplicas"] = status.get("availableReplicas", 0) + 1

    @property
    def total(self) -> int:
        return sum(each["status"]["replicas"] for each in self.sets.values())

    @property
    def available(self) -> int:
        return sum(each["status"].get("availableReplicas", 0) for each in self.sets.values())


LIMITS = st.one_of(st.integers(0, 4), st.sampled_from(["0%", "25%", "34%", "100%"]))


@given(st.integers(1, 8), LIMITS, LIMITS, st.lists(st.integers(0, 9), max_size=30), st.integers(0, 3))
def test_a_rollout_never_has_too_many_pods_nor_too_few_and_comes_to_an_end(
    replicas: int, surge: int | str, unavailable: int | str, luck: list[int], again: int
) -> None:
    mine = deployment(replicas, surge=surge, unavailable=unavailable)
    world = World(mine, {"web-demo-0": replica_set(mine, "demo:0", replicas)})
    most, least = replicas + view.max_surge(mine), replicas - view.max_unavailable(mine)
    for turn, number in enumerate([*luck, *range(200)]):
        if turn == again:  # another template in the middle of the rollout
            world.owner = {**mine, "spec": {**mine["spec"], "template": template("demo:2")}}
        world.step()
        assert world.total <= most and world.available >= least
        world.wake(number)
    assert not world.step() and world.total == world.available == replicas
    assert sorted(view.replicas_of(each) for each in world.sets.values())[:-1] == [0] * (len(world.sets) - 1)


@given(st.integers(0, 6), st.lists(st.integers(0, 9), max_size=20))
def test_a_recreation_never_has_pods_of_two_templates(replicas: int, luck: list[int]) -> None:
    mine = recreating(replicas)
    world = World(mine, {"web-demo-0": replica_set(mine, "demo:0", replicas)})
    for number in [*luck, *range(60)]:
        world.step()
        assert sum(1 for each in world.sets.values() if each["status"].get("replicas")) <= 1
        world.wake(number)
    assert not world.step() and world.available == replicas
