from collections.abc import Iterable

from tests.unit.kube.controllers.harness import clock_of, obj, running
from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.clusterroles import CLUSTER_ROLES, ClusterRoleAggregation
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object

API = "rbac.authorization.k8s.io/v1"


def make(needs: Needs) -> list[Controller]:
    return [Controller(ClusterRoleAggregation(needs, aggregate), needs.clock)]


def role(name: str, into: str = "", *verbs: str) -> Object:
    labels = {f"to-{into}": "true"} if into else {}
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}]
    return obj("ClusterRole", name, "", API, metadata={"labels": labels}, rules=rules)


def aggregated(name: str, into: str = "") -> Object:
    selector = {"clusterRoleSelectors": [{"matchLabels": {f"to-{name}": "true"}}]}
    return {**role(name, into), "aggregationRule": selector, "rules": []}


def verbs(client: FakeClient, name: str) -> list[str]:
    found = client.find(CLUSTER_ROLES, name)
    assert found
    return _verbs(found["rules"])


def _verbs(rules: Iterable[Object]) -> list[str]:
    return [verb for rule in rules for verb in rule["verbs"]]


async def test_a_role_is_put_together_and_follows_its_parts() -> None:
    client = FakeClient(
        aggregated("view"), role("a", "view", "get"), role("b", "view", "list"), role("c", "", "delete")
    )
    async with running(client, make):
        await clock_of(client).advance(1)
        assert verbs(client, "view") == ["get", "list"]
        await client.delete(CLUSTER_ROLES, "a")
        await client.create(CLUSTER_ROLES, role("d", "view", "watch"))
        await clock_of(client).advance(1)
        assert verbs(client, "view") == ["list", "watch"]


async def test_what_is_put_together_may_be_a_part_itself() -> None:
    client = FakeClient(aggregated("edit"), aggregated("view", "edit"), role("a", "view", "get"))
    async with running(client, make):
        await clock_of(client).advance(5)
    assert verbs(client, "edit") == verbs(client, "view") == ["get"]


async def test_when_all_is_as_it_should_be_nothing_is_written() -> None:
    client = FakeClient(aggregated("view"), role("a", "view", "get"))
    async with running(client, make):
        await clock_of(client).advance(60)
    assert len(client.calls) == 1
