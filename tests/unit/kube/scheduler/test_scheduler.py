"""The loop."""

import asyncio

import pytest

from tests.unit.kube.scheduler.harness import node, pending, running
from tests.unit.kube.scheduler.objects import WEB, pod, pod_affinity
from tests.unit.kube.scheduler.volumes.objects import claim_object, class_object
from wherry.kit.errors import Unavailable
from wherry.kube.client.events import EVENTS
from wherry.kube.client.fake import Call
from wherry.kube.client.leader import LEASES, Candidate
from wherry.kube.machinery.status import StatusError, internal_error
from wherry.kube.scheduler.options import Options, Profile
from wherry.kube.scheduler.queue import State
from wherry.kube.scheduler.volumes.view import SELECTED_NODE
from wherry.kube.scheduler.watching import CLAIMS, NODES, PODS

TAINT = [{"key": "k", "value": "v", "effect": "NoSchedule"}]


async def test_a_pod_gets_a_node_and_an_event_says_so() -> None:
    async with running(node("n"), pending()) as rig:
        assert rig.node_of() == "n"
        assert rig.events("Scheduled") == ["p: Successfully assigned default/p to n"]
        assert len(rig.scheduler.queue) == 0
        await rig.put(pending("late"))
        assert rig.node_of("late") == "n"


async def test_pods_of_other_schedulers_and_those_that_have_a_node_are_left_alone() -> None:
    async with running(
        node("n"), pending(schedulerName="other"), pod("q", "gone"), pod("r", status={"phase": "Failed"})
    ) as rig:
        assert rig.node_of() == "" and rig.node_of("q") == "gone" and rig.node_of("r") == ""
        assert not rig.events()


async def test_many_are_placed_with_what_was_assumed_counted() -> None:
    nodes = [node(f"n{number}", cpu="4") for number in range(5)]
    async with running(*nodes, *(pending(f"p{number}", cpu="1") for number in range(25))) as rig:
        placed = [rig.node_of(f"p{number}") for number in range(25)]
        assert sorted(placed) == sorted([""] * 5 + [f"n{number}" for number in range(5)] * 4)
        assert len(rig.events("Scheduled")) == 20 and rig.scheduler.queue.count(State.REFUSED) == 5


async def test_why_there_is_no_node_is_told_and_what_helps_is_noticed() -> None:
    async with running(node("a", cpu="1"), node("b", taints=TAINT), pending(cpu="2")) as rig:
        text = (
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). "
            "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
        )
        condition = rig.condition()
        assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Unschedulable", text)
        assert rig.events("FailedScheduling") == [f"p: {text}"]
        await rig.put(node("b"))
        assert rig.node_of() == "b"


async def test_without_any_node_one_is_waited_for() -> None:
    async with running(pending()) as rig:
        assert rig.condition()["message"] == "no nodes available to schedule pods"
        await rig.put(node("n"))
        assert rig.node_of() == "n"


async def test_what_changes_nothing_starts_no_new_attempt() -> None:
    async with running(node("a", unschedulable=True), pending()) as rig:
        before = len(rig.client.calls)
        await rig.put(node("a", unschedulable=True, cpu="64"))
        await rig.put(node("b", unschedulable=True), pod("other", "a"))
        await rig.settle(20)
        assert rig.scheduler.queue.state("uid-default-p") is State.REFUSED
        assert len(rig.client.calls) == before
        await rig.put(node("a"))
        await rig.settle(20)
        assert rig.node_of() == "a"


async def test_a_pod_that_goes_makes_room() -> None:
    async with running(node("n", cpu="1"), pod("old", "n", cpu="1"), pending(cpu="1")) as rig:
        assert rig.node_of() == ""
        await rig.client.delete(PODS, "old", "default", options={"gracePeriodSeconds": 0})
        await rig.settle(2)
        assert rig.node_of() == "n"


async def test_a_pod_that_comes_is_what_another_waited_for() -> None:
    async with running(node("n"), pending(affinity=pod_affinity("podAffinity", "kubernetes.io/hostname"))) as rig:
        assert rig.node_of() == ""
        await rig.put(pending("web", labels=WEB))
        await rig.settle(2)
        assert rig.node_of("web") == rig.node_of() == "n"


async def test_gates_are_waited_for() -> None:
    async with running(node("n"), pending(schedulingGates=[{"name": "example.com/wait"}])) as rig:
        assert rig.node_of() == "" and not rig.events()
        await rig.put(pending())
        assert rig.node_of() == "n"


async def test_who_is_more_important_gets_the_room_of_others() -> None:
    async with running(node("n", cpu="2"), pod("low", "n", cpu="1"), pod("mid", "n", cpu="1", priority=5)) as rig:
        await rig.put(pending("high", cpu="1", priority=10))
        assert rig.condition("low", "DisruptionTarget") | {"lastTransitionTime": ""} == {
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": "default-scheduler: preempting to accommodate a higher priority pod", "lastTransitionTime": "",
        }  # fmt: skip
        assert (
            "deletionTimestamp" in rig.pod("low")["metadata"] and "deletionTimestamp" not in rig.pod("mid")["metadata"]
        )
        assert rig.pod("high")["status"]["nominatedNodeName"] == "n" and rig.node_of("high") == ""
        assert rig.condition("high")["message"] == "0/1 nodes are available: 1 Insufficient cpu."
        assert rig.events("Preempted") == ["low: Preempted by pod uid-default-high on node n"]

        await rig.put(pending("thief", cpu="1"))
        assert rig.node_of("thief") == ""
        await rig.client.delete(PODS, "low", "default", options={"gracePeriodSeconds": 0})
        await rig.settle(3)
        assert rig.node_of("high") == "n" and rig.node_of("thief") == ""


async def test_while_victims_leave_no_others_are_sent_after_them() -> None:
    async with running(
        node("n", cpu="1"), node("m", cpu="1"), pod("a", "n", cpu="1"), pod("b", "m", cpu="1", priority=1)
    ) as rig:
        await rig.put(pending("high", cpu="1", priority=10))
        assert rig.is_ending("a")
        await rig.settle(400)  # it was tried again
        assert not rig.is_ending("b")
        assert rig.condition("high")["message"].endswith("a terminating pod on the nominated node.")
        assert rig.pod("high")["status"]["nominatedNodeName"] == "n"


async def test_who_is_less_important_gives_way_and_looks_for_another_node() -> None:
    async with running(node("n", cpu="1"), pod("a", "n", cpu="1")) as rig:
        await rig.put(pending("mid", cpu="1", priority=5))
        assert rig.pod("mid")["status"]["nominatedNodeName"] == "n"
        await rig.put(pending("high", cpu="1", priority=10))
        await rig.settle()
        assert rig.scheduler.facts.cluster.nomination("uid-default-mid") == ""
        assert "nominatedNodeName" not in rig.pod("mid")["status"]


async def test_a_binding_that_fails_is_tried_again_and_nothing_stays_assumed() -> None:
    async with running(node("n", cpu="1")) as rig:
        failing = [internal_error("full"), Unavailable("gone")]

        def fault(call: Call) -> BaseException | None:
            return failing.pop() if call.subresource == "binding" and failing else None

        rig.client.fault = fault
        await rig.put(pending(cpu="1"))
        assert rig.node_of() == "" and not rig.scheduler.facts.cluster.pods
        assert rig.condition()["reason"] == "SchedulerError"
        assert rig.events("FailedScheduling")[0].startswith("p: binding rejected: gone")
        assert rig.scheduler.queue.state("uid-default-p") is State.BACKOFF
        await rig.settle(1.5)
        assert rig.scheduler.queue.state("uid-default-p") is State.BACKOFF
        await rig.settle(2.5)
        assert rig.node_of() == "n" and rig.events("Scheduled")


async def test_volumes_are_waited_for_while_others_are_placed_and_forgotten_with_their_pod() -> None:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    options = Options(bindings=1, random_seed=1)
    waiting = class_object("local", waits=True, provisioner="example.com/local")
    async with running(node("n"), waiting, claim_object("data", "local"), options=options) as rig:
        await rig.put(pending("first", volumes=volumes))
        claim = rig.client.find(CLAIMS, "data", "default")
        assert claim is not None and claim["metadata"]["annotations"][SELECTED_NODE] == "n"
        await rig.put(pending("second"))
        assert rig.node_of("first") == "" and rig.node_of("second") == "n"
        await rig.client.delete(PODS, "first", "default")
        await rig.settle(2)
        assert list(rig.scheduler.facts.cluster.pods) == ["uid-default-second"]
        assert rig.scheduler.facts.volumes.claims["default", "data"].node == "n"


async def test_a_pod_that_is_gone_before_it_is_bound_leaves_nothing() -> None:
    async with running(node("n", cpu="1")) as rig:

        def fault(call: Call) -> BaseException | None:
            if call.subresource == "binding":
                rig.client._objects[PODS.group_resource].pop(("default", call.name), None)
            return None

        rig.client.fault = fault
        await rig.put(pending(cpu="1"))
        assert not rig.scheduler.facts.cluster.pods and len(rig.scheduler.queue) == 0
        assert not rig.events("Scheduled")


async def test_a_pod_that_is_deleted_makes_room_at_once() -> None:
    async with running(node("n", cpu="1"), pending("p", cpu="1")) as rig:
        assert rig.node_of() == "n"
        await rig.client.delete(PODS, "p", "default", options={"gracePeriodSeconds": 0})
        await rig.settle()
        assert not rig.scheduler.facts.cluster.pods
        await rig.put(pending("q", cpu="1"))
        assert rig.node_of("q") == "n"


async def test_a_pod_that_is_ending_is_not_placed() -> None:
    ending = pending(meta={"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/x"]})
    async with running(node("n"), ending) as rig:
        assert rig.node_of() == "" and rig.events("FailedScheduling") == ["p: skip schedule deleting pod: default/p"]


async def test_several_profiles_have_their_own_rules_and_names() -> None:
    options = Options(profiles=(Profile(), Profile("picky", added_affinity=())), random_seed=1)
    async with running(node("n"), pending("a"), pending("b", schedulerName="picky"), options=options) as rig:
        assert rig.node_of("a") == "n" and rig.node_of("b") == ""
        assert "scheduler-enforced node affinity" in rig.condition("b")["message"]
        components = {each["source"]["component"] for each in rig.client.all(EVENTS)}
        assert components == {"default-scheduler", "picky"}


async def test_a_mistake_of_ours_concerns_one_pod_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from wherry.kube.scheduler import scheduler

    real = scheduler.decide

    def broken(mine: object, *rest: object) -> object:
        if str(mine) == "default/bad":
            raise ZeroDivisionError("oops")
        return real(mine, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduler, "decide", broken)
    async with running(node("n"), pending("bad"), pending("good")) as rig:
        assert rig.node_of("good") == "n" and rig.condition("bad")["message"] == "ZeroDivisionError: oops"
        assert rig.scheduler.queue.state("uid-default-bad") is State.BACKOFF


async def test_what_cannot_be_told_holds_nobody_up() -> None:
    async with running(node("n", cpu="1")) as rig:
        rig.client.fault = lambda call: StatusError(500, "", "no") if call.subresource == "status" else None
        await rig.put(pending("large", cpu="2"), pending("small", cpu="1"))
        assert rig.node_of("small") == "n" and rig.condition("large") == {}


async def test_one_that_runs_again_knows_what_the_api_says() -> None:
    async with running(node("n", cpu="1"), pending("p", cpu="1")) as rig:
        first = rig.scheduler.facts
        again = asyncio.ensure_future(rig.scheduler.run())
        await rig.settle()
        assert rig.scheduler.facts is not first and "uid-default-p" in rig.scheduler.facts.cluster.pods
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)


async def test_with_a_lease_only_one_works() -> None:
    candidate = Candidate("kube-system", "kube-scheduler", "one")
    async with running(node("n"), options=Options(lease=candidate)) as rig:
        lease = rig.client.find(LEASES, "kube-scheduler", "kube-system")
        assert lease is not None and lease["spec"]["holderIdentity"] == "one"
        await rig.put(pending())
        assert rig.node_of() == "n"


async def test_while_another_holds_the_lease_nothing_is_done() -> None:
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": spec,
             "metadata": {"name": "kube-scheduler", "namespace": "kube-system"}}  # fmt: skip
    candidate = Candidate("kube-system", "kube-scheduler", "one")
    async with running(lease, node("n"), pending(), options=Options(lease=candidate)) as rig:
        assert rig.node_of() == ""
        await rig.settle(30)
        assert rig.node_of() == "n"


async def test_nodes_that_go_take_no_pods() -> None:
    async with running(node("a"), node("b")) as rig:
        await rig.client.delete(NODES, "a")
        await rig.settle()
        await rig.put(*(pending(f"p{number}") for number in range(6)))
        assert {rig.node_of(f"p{number}") for number in range(6)} == {"b"}
