import pytest

from tests.unit.kube.controllers.harness import SPACES, names, state
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.client.fake import Crash, FakeClient
from wherry.kube.controllers.bootstrap import Address, ensure, keep, restore, wanted
from wherry.kube.machinery.model import GroupVersionResource, Object

HOME = Address("10.96.0.1", "192.0.2.1", 6443)
SERVICES = GroupVersionResource("", "v1", "services")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")


async def begun(client: FakeClient, address: Address = HOME) -> FakeClient:
    await ensure(client, wanted(address, defaults(), reconcile))
    return client


async def test_a_new_cluster_has_what_every_cluster_has() -> None:
    client = await begun(FakeClient())
    assert names(client, SPACES) == ["default", "kube-node-lease", "kube-public", "kube-system"]
    service = client.find(SERVICES, "kubernetes", "default")
    assert service and service["spec"]["clusterIP"] == "10.96.0.1" and service["spec"]["ports"][0]["port"] == 443
    slice_ = client.find(SLICES, "kubernetes", "default")
    assert slice_ and slice_["endpoints"][0]["addresses"] == ["192.0.2.1"] and slice_["ports"][0]["port"] == 6443
    assert "cluster-admin" in names(client, ROLES)
    assert len(client.all(GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses"))) == 2


async def test_beginning_again_writes_nothing() -> None:
    client = await begun(FakeClient())
    client.calls.clear()
    await begun(client)
    assert client.calls == []


async def test_a_server_that_moved_is_found_where_it_is() -> None:
    client = await begun(FakeClient())
    client.calls.clear()
    await begun(client, Address("10.96.0.1", "2001:db8::1", 6443))
    found = client.find(SLICES, "kubernetes", "default")
    assert found and found["addressType"] == "IPv6" and found["endpoints"][0]["addresses"] == ["2001:db8::1"]
    assert [call.resource.resource for call in client.calls] == ["endpoints", "endpointslices"]


async def test_a_role_that_lost_a_right_gets_it_back_and_keeps_its_own() -> None:
    client = await begun(FakeClient())
    role = client.find(ROLES, "system:node-bootstrapper")
    assert role
    own = {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]}
    await client.update(ROLES, {**role, "rules": [own]})
    await begun(client)
    restored = client.find(ROLES, "system:node-bootstrapper")
    assert restored and restored["rules"][0] == own
    verbs = {verb for rule in restored["rules"][1:] for verb in rule["verbs"]}
    assert verbs == {verb for rule in role["rules"] for verb in rule["verbs"]}


@pytest.mark.parametrize("writes", [1, 3, 50, 150])
async def test_ended_after_any_write_the_next_start_goes_on(writes: int) -> None:
    client = FakeClient()
    client.crash_after(writes)
    with pytest.raises(BaseException) as caught:
        await begun(client)
    assert isinstance(caught.value, Crash | BaseExceptionGroup)
    client.crash_after(None)
    await begun(client)
    assert [each[:2] for each in state(client)] == [each[:2] for each in state(await begun(FakeClient()))]


def test_what_is_kept_is_left_alone_and_what_is_restored_is_not() -> None:
    there: Object = {"metadata": {"name": "a", "labels": {"mine": "1"}}, "spec": 1, "more": 2}
    meant: Object = {"metadata": {"name": "a", "labels": {"ours": "1"}}, "spec": 2}
    assert keep(None, meant) == restore(None, meant) == meant and keep(there, meant) is None
    changed = restore(there, meant)
    assert changed == {"metadata": {"name": "a", "labels": {"mine": "1", "ours": "1"}}, "spec": 2, "more": 2}
    assert restore(changed, meant) is None
