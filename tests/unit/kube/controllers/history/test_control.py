import contextlib
from collections.abc import AsyncIterator

from tests.unit.kube.controllers.harness import running
from tests.unit.kube.controllers.workloads import reference, template, workload
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.controllers.history.control import REVISIONS, Histories
from wherry.kube.controllers.history.revisions import revision_of
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.statefulset.control import STATEFUL_SET
from wherry.kube.machinery.model import Object

DB = workload("StatefulSet", "db")


def of(image: str, owner: Object = DB) -> Object:
    return {**owner, "spec": {**owner["spec"], "template": template(image)}}


@contextlib.asynccontextmanager
async def histories(client: FakeClient) -> AsyncIterator[Histories]:
    made: list[Histories] = []

    def make(needs: Needs) -> list[Runnable]:
        made.append(Histories(needs, STATEFUL_SET, Expectations()))
        return []

    async with running(client, make):
        yield made[0]


async def test_a_template_is_a_revision_once_and_is_numbered_anew_when_it_comes_back() -> None:
    client = FakeClient(DB)
    async with histories(client) as history:
        names = []
        for image, number in (("a", 1), ("a", 1), ("b", 2), ("a", 3)):
            revisions = await history.of(DB)
            found, collisions = await history.current(of(image), revisions)
            assert found["revision"] == number and revisions[-1] is found and collisions == 0
            names.append(found["metadata"]["name"])
            await settle()
        assert names[0] == names[1] == names[3] != names[2] and len(client.all(REVISIONS)) == 2


async def test_a_name_that_is_taken_is_passed_over_and_one_of_our_own_is_taken() -> None:
    foreign = revision_of(of("a"), 1, 0, reference(workload("DaemonSet", "other")))
    foreign["metadata"]["labels"] = {}
    client = FakeClient(DB, foreign)
    async with histories(client) as history:
        found, collisions = await history.current(of("a"), [])
        assert collisions == 1 and found["metadata"]["name"] != foreign["metadata"]["name"]
        again, collisions = await history.current({**of("a"), "status": {"collisionCount": 1}}, [])
        assert (again["metadata"]["uid"], collisions) == (found["metadata"]["uid"], 1)


async def test_orphans_are_adopted_and_what_is_gone_may_be_deleted() -> None:
    orphan = revision_of(of("a"), 7, 0, {})
    orphan["metadata"]["ownerReferences"] = []
    client = FakeClient(DB, orphan)
    async with histories(client) as history:
        (mine,) = await history.of(DB)
        assert mine["metadata"]["ownerReferences"] == [reference(DB)]
        await history.delete(mine)
        await history.delete(mine)
        assert client.all(REVISIONS) == []
