from tests.unit.kube.controllers.harness import MAPS, SPACES, clock_of, names, obj, running
from tests.unit.kube.controllers.test_csrsigning import AUTHORITY
from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.every import Given, controllers
from wherry.kube.controllers.frame import Needs, Runnable

GIVEN = Given(AUTHORITY, "PEM", lambda secret, account: "token", aggregate)


def make(needs: Needs) -> tuple[Runnable, ...]:
    return controllers(needs, GIVEN)


async def test_all_run_beside_each_other() -> None:
    client = FakeClient(obj("Namespace", "x", "", spec={"finalizers": ["kubernetes"]}))
    async with running(client, make) as task:
        await clock_of(client).advance(5)
        assert names(client, MAPS) == ["kube-root-ca.crt"]
        await client.delete(SPACES, "x")
        await clock_of(client).advance(60)
        assert not task.done() and names(client, SPACES) == [] and names(client, MAPS) == []


async def test_each_has_a_name_of_its_own() -> None:
    seen: list[str] = []

    def noted(needs: Needs) -> tuple[Runnable, ...]:
        made = make(needs)
        seen.extend(each.name for each in made)
        return made

    async with running(FakeClient(), noted):
        assert len(set(seen)) == len(seen) == 17
