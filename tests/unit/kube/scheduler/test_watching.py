"""What the API's changes mean."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.unit.kube.scheduler.objects import WEB, moved, node, pod, read
from tests.unit.kube.scheduler.volumes.objects import claim_object, class_object, volume_object
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.queue import SchedulingQueue, State
from wherry.kube.scheduler.watching import CLAIMS, CLASSES, NAMESPACES, NODES, PODS, VOLUMES, Kept, Watching

AT_ONCE = {"gracePeriodSeconds": 0}


class Queue(SchedulingQueue):
    """Notes what happened."""

    def __init__(self, clock: FakeClock, facts: Facts) -> None:
        super().__init__(clock, Options(), facts.cluster.labels_of)
        self.happenings: list[Happening] = []

    def happened(self, happening: Happening) -> None:
        self.happenings.append(happening)
        super().happened(happening)

    def changes(self) -> list[Change]:
        """Since last asked."""
        found = [each.change for each in self.happenings]
        self.happenings.clear()
        return found


@dataclass
class Rig:
    client: FakeClient
    facts: Facts
    queue: Queue
    watching: Watching

    async def put(self, *objects: Object) -> list[Change]:
        self.queue.changes()
        self.client.put(*objects)
        await settle()
        return self.queue.changes()

    async def delete(self, *where: str) -> list[Change]:
        self.queue.changes()
        await self.client.delete(PODS if len(where) == 2 else NODES, *where, options=AT_ONCE)
        await settle()
        return self.queue.changes()


@contextlib.asynccontextmanager
async def watching(*objects: Object) -> AsyncIterator[Rig]:
    clock = FakeClock()
    client, facts = FakeClient(*objects, clock=clock), Facts()
    queue = Queue(clock, facts)
    async with Informers(client, clock) as informers:
        found = Watching(informers, Kept(facts, queue, {"default-scheduler"}))
        starting = asyncio.ensure_future(found.start())
        await settle()
        await starting
        yield Rig(client, facts, queue, found)
        found.stop()
        found.stop()


async def test_everything_is_known_before_the_first_pod_is_decided_about() -> None:
    selector = {"spec": {"selector": WEB}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}, **selector}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": {"selector": {"matchLabels": WEB}},
              "metadata": {"name": "b", "namespace": "default"}}  # fmt: skip
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "labels": {"team": "a"}}}
    csi = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n"},
           "spec": {"drivers": [{"name": "d", "allocatable": {"count": 1}}]}}  # fmt: skip
    objects = [service, budget, space, csi, claim_object("c"), volume_object("v"), class_object("s")]
    async with watching(node("n"), pod("p", "n", labels=WEB), pod("new"), *objects) as rig:
        facts = rig.facts
        assert list(facts.cluster.nodes) == ["n"] and list(facts.cluster.pods) == ["uid-default-p"]
        assert rig.queue.state("uid-default-new") is State.ACTIVE
        assert facts.cluster.labels_of("x") == {"team": "a"}
        assert list(facts.volumes.claims) == [("default", "c")] and list(facts.volumes.volumes) == ["v"]
        assert list(facts.volumes.classes) == ["s"] and facts.volumes.limits == {"n": {"d": 1}}
        mine = facts.cluster.pods["uid-default-p"]
        assert not facts.owners.selector(mine).nothing and facts.budgets.split([mine]) == ([mine], [])


async def test_a_pod_comes_changes_and_goes() -> None:
    async with watching(node("n")) as rig:
        assert await rig.put(pod("p", "n", cpu="1")) == [Change.POD_CAME]
        assert await rig.put(pod("p", "n", cpu="1", status={"phase": "Running"})) == []
        assert await rig.put(pod("p", "n", cpu="1", labels=WEB)) == [Change.POD_CAME]
        assert await rig.put(pod("p", "n", cpu="500m", labels=WEB)) == [Change.POD_WENT]
        assert rig.facts.cluster.nodes["n"].requested["cpu"] == 500
        assert await rig.put(pod("p", "n", cpu="500m", labels=WEB, status={"phase": "Succeeded"})) == [Change.POD_WENT]
        assert not rig.facts.cluster.pods
        assert await rig.delete("p", "default") == []


async def test_a_pod_that_waits_is_queued_until_it_has_a_node_or_is_gone() -> None:
    async with watching(node("n")) as rig:
        await rig.put(pod("a"), pod("b"), pod("c", schedulerName="other"))
        assert len(rig.queue) == 2
        await rig.put(pod("a", "n"))
        await rig.delete("b", "default")
        assert len(rig.queue) == 0


async def test_a_nomination_that_somebody_takes_back_is_none_but_what_was_decided_meanwhile_stays() -> None:
    async with watching(node("n"), pod("a"), pod("b", status={"nominatedNodeName": "n"})) as rig:
        rig.facts.cluster.nominate(read(pod("a")), "n")
        await rig.put(pod("a", status={"phase": "Pending"}), pod("b", status={}))
        assert rig.facts.cluster.nomination("uid-default-a") == "n"
        assert rig.facts.cluster.nomination("uid-default-b") == ""


async def test_nominations_are_known() -> None:
    async with watching(node("n"), pod("a", status={"nominatedNodeName": "n"})) as rig:
        assert rig.facts.cluster.nomination("uid-default-a") == "n"
        await rig.delete("a", "default")
        assert rig.facts.cluster.nomination("uid-default-a") == ""


async def test_what_is_assumed_stays_until_the_api_tells_of_it() -> None:
    async with watching(node("n"), pod("a")) as rig:
        rig.facts.cluster.set_pod(moved(read(pod("a", meta={"resourceVersion": ""})), "n"))
        await rig.put(pod("a", labels=WEB))
        assert rig.facts.cluster.pods["uid-default-a"].node == "n"
        assert rig.queue.pod("uid-default-a").labels == WEB  # type: ignore[union-attr]
        assert await rig.put(pod("a", "n")) == [Change.POD_CAME]


async def test_nodes_come_change_and_go() -> None:
    async with watching() as rig:
        assert await rig.put(node("n")) == [Change.NODE_NEW]
        assert await rig.put(node("n", cpu="8")) == [Change.NODE_ROOM]
        assert await rig.put(node("n", cpu="8", images={"x": 1})) == []
        assert await rig.delete("n") == [Change.NODE_GONE]
        assert not rig.facts.cluster.nodes


async def test_others_come_and_go() -> None:
    async with watching() as rig:
        for obj, change in (
            (claim_object("c"), Change.CLAIM), (volume_object("v"), Change.VOLUME),
            (class_object("s"), Change.STORAGE_CLASS),
            ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}, Change.NAMESPACE),
        ):  # fmt: skip
            assert await rig.put(obj) == [change]
        await rig.client.delete(CLAIMS, "c", "default")
        for resource, name in ((VOLUMES, "v"), (CLASSES, "s"), (NAMESPACES, "x")):
            await rig.client.delete(resource, name)
        await settle()
        assert not rig.facts.volumes.claims and not rig.facts.volumes.volumes and not rig.facts.volumes.classes
        assert rig.facts.cluster.labels_of("x") == {}


async def test_the_object_is_that_of_the_pod_not_of_its_name() -> None:
    async with watching(pod("a")) as rig:
        assert rig.watching.object_of(read(pod("a"))) is not None
        assert rig.watching.object_of(read(pod("a", uid="other"))) is None
        assert rig.watching.object_of(read(pod("b"))) is None
