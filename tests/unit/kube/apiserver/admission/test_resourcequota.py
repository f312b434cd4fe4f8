import asyncio

import pytest

from tests.unit.kube.apiserver.admission.asking import QUOTAS, admitted, create, needs, pod, refused, update
from wherry.kube.apiserver.admission.plugin import Needs
from wherry.kube.apiserver.admission.resourcequota import ResourceQuota
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


def quota(name: str = "q", used: dict[str, str] | None = None, spec: Object | None = None, **hard: str) -> Object:
    hard = {key.replace("__", "/").replace("_", "."): value for key, value in hard.items()}
    meta = {"name": name, "namespace": "default", "resourceVersion": "1"}
    status = {"hard": hard, "used": dict.fromkeys(hard, "0") if used is None else used}
    base = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta}
    return {**base, "spec": {"hard": hard, **(spec or {})}, "status": status}


def used(wanted: Needs, name: str = "q") -> dict[str, str]:
    assert isinstance(wanted.listers, FakeListers)
    found = wanted.listers.of(QUOTAS).get(name, "default")
    assert found is not None
    amounts: dict[str, str] = found["status"]["used"]
    return amounts


async def test_an_object_is_charged_before_it_is_stored() -> None:
    wanted = needs(quota(pods="2", count__pods="5"))
    request = create(pod())
    await admitted(ResourceQuota(wanted), request)
    assert used(wanted) == {"pods": "1", "count/pods": "1"} and len(request.after) == 1


async def test_what_would_be_too_much_is_refused() -> None:
    wanted = needs(quota(pods="2", used={"pods": "2"}))
    error = await refused(ResourceQuota(wanted), create(pod()))
    assert error.code == 403 and str(error) == (
        'pods "web" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2'
    )


async def test_what_was_not_stored_is_given_back() -> None:
    wanted = needs(quota(pods="2"))
    request = create(pod())
    await admitted(ResourceQuota(wanted), request)
    for tell in request.after:
        await tell(False)
    assert used(wanted) == {"pods": "0"}
    request = create(pod())
    await admitted(ResourceQuota(wanted), request)
    for tell in request.after:
        await tell(True)
    assert used(wanted) == {"pods": "1"}


async def test_a_dry_run_charges_nothing_but_is_judged() -> None:
    wanted = needs(quota(pods="1"))
    await admitted(ResourceQuota(wanted), create(pod(), dry_run=True))
    assert used(wanted) == {"pods": "0"}
    await refused(ResourceQuota(needs(quota(pods="0"))), create(pod(), dry_run=True))


async def test_creates_at_once_never_exceed() -> None:
    wanted = needs(quota(pods="7", secrets="3"))
    plugin = ResourceQuota(wanted)
    results = await asyncio.gather(
        *(admitted(plugin, create(pod(f"p{number}"))) for number in range(30)), return_exceptions=True
    )
    assert sum(isinstance(each, StatusError) for each in results) == 23
    assert used(wanted)["pods"] == "7" and not plugin._busy


async def test_two_servers_never_exceed_either() -> None:
    """Their caches may be behind: the store's compare decides."""
    wanted = needs(quota(pods="5"))
    servers = [ResourceQuota(wanted) for _ in range(3)]
    results = await asyncio.gather(
        *(admitted(servers[number % 3], create(pod(f"p{number}"))) for number in range(12)), return_exceptions=True
    )
    assert sum(not isinstance(each, Exception) for each in results) == 5 and used(wanted) == {"pods": "5"}


async def test_a_stale_cache_refuses_nothing_that_there_is_room_for() -> None:
    fresh = quota(pods="2", used={"pods": "0"})
    fresh["metadata"]["resourceVersion"] = "9"
    stale = quota(pods="2", used={"pods": "2"})
    wanted = needs(stale)

    class Fresh:
        async def get(self, *arguments: object) -> Object:
            wanted.listers.put(fresh)  # type: ignore[attr-defined]
            return fresh

    plugin = ResourceQuota(Needs(wanted.listers, Fresh(), wanted.quotas, wanted.authorizer))
    await admitted(plugin, create(pod()))
    assert used(wanted) == {"pods": "1"}


async def test_every_quota_counts_and_none_is_left_charged_for_another() -> None:
    wanted = needs(quota("a", pods="5"), quota("b", pods="0"))
    request = create(pod())
    error = await refused(ResourceQuota(wanted), request)
    assert "exceeded quota: b" in str(error)
    for tell in request.after:
        await tell(False)
    assert used(wanted, "a") == {"pods": "0"}


async def test_a_scope_leaves_other_pods_alone() -> None:
    wanted = needs(quota(pods="0", spec={"scopes": ["Terminating"]}))
    await admitted(ResourceQuota(wanted), create(pod()))
    await refused(ResourceQuota(wanted), create(pod(activeDeadlineSeconds=5)))


async def test_a_container_must_say_what_it_wants() -> None:
    error = await refused(ResourceQuota(needs(quota(limits_cpu="1"))), create(pod()))
    assert str(error) == 'pods "web" is forbidden: failed quota: q: must specify limits.cpu for: c'


async def test_a_quota_not_counted_yet_refuses() -> None:
    error = await refused(ResourceQuota(needs(quota(pods="5", used={}))), create(pod()))
    assert str(error) == 'pods "web" is forbidden: status unknown for quota: q, resources: pods'


def service(kind: str, ports: int = 1) -> Object:
    meta = {"name": "s", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"type": kind, "ports": [{}] * ports}}


async def test_an_update_is_charged_for_what_it_adds() -> None:
    wanted = needs(quota(services_nodeports="3", services="1", used={"services.nodeports": "0", "services": "1"}))
    await admitted(ResourceQuota(wanted), update(service("NodePort", 2), service("ClusterIP")))
    assert used(wanted) == {"services.nodeports": "2", "services": "1"}
    await admitted(ResourceQuota(wanted), update(service("ClusterIP"), service("NodePort", 2)))
    assert used(wanted)["services.nodeports"] == "2", "what is given up is the controller's to count"
    await refused(ResourceQuota(wanted), update(service("NodePort", 2), service("ClusterIP")))


@pytest.mark.parametrize("kind", ["Event", "LimitRange"])
async def test_objects_of_any_kind_are_counted_but_events(kind: str) -> None:
    wanted = needs(quota(count__events="0", count__limitranges="0"))
    obj = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "default"}}
    if kind == "Event":
        await admitted(ResourceQuota(wanted), create(obj))
    else:
        await refused(ResourceQuota(wanted), create(obj))


async def test_what_has_no_namespace_has_no_quota() -> None:
    wanted = needs(quota(count__nodes="0"))
    await admitted(ResourceQuota(wanted), create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}))


async def test_a_namespace_that_was_free_is_not_for_ever() -> None:
    """Where there is none is remembered, until any of them changes."""
    wanted = needs()
    assert isinstance(wanted.listers, FakeListers)
    plugin = ResourceQuota(wanted)
    await admitted(plugin, create(pod()))
    await admitted(plugin, create(pod()))
    limit = quota(pods="0")
    wanted.listers.put(limit)
    await refused(plugin, create(pod()))
    wanted.listers.remove(limit)
    await admitted(plugin, create(pod()))
    elsewhere = quota(pods="0")
    elsewhere["metadata"]["namespace"] = "other"
    wanted.listers.put(elsewhere)
    await admitted(plugin, create(pod()))
    wanted.listers.put(limit)
    await refused(plugin, create(pod()))
