from dataclasses import replace

from tests.unit.kube.controllers.harness import PODS, SECRETS, THINGS, TYPES, clock_of, obj, running, served
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.quota import ARRIVAL_SECONDS, QUOTAS, QuotaController
from wherry.kube.machinery.model import GroupVersionResource, Object


def make(needs: Needs) -> list[Controller]:
    quota = QuotaController(needs)
    controller = Controller(quota, needs.clock)
    quota.add = controller.add
    return [controller]


CORE = [served(GroupVersionResource("", "v1", each), kind) for each, kind in (
    ("services", "Service"), ("persistentvolumeclaims", "PersistentVolumeClaim"), ("resourcequotas", "ResourceQuota"),
)]  # fmt: skip


def discovery() -> FakeDiscovery:
    return FakeDiscovery([*TYPES, *CORE, served(THINGS, "Thing")])


def quota(status: Object | None = None, spec: Object | None = None, **hard: str) -> Object:
    names = {key.replace("__", "/").replace("_", "."): value for key, value in hard.items()}
    return obj("ResourceQuota", "q", spec={"hard": names, **(spec or {})}, status=status or {})


def pod(name: str, phase: str = "Running", cpu: str = "100m") -> Object:
    containers = [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]
    return obj("Pod", name, spec={"containers": containers}, status={"phase": phase})


def used(client: FakeClient) -> dict[str, str]:
    found = client.find(QUOTAS, "q", "default")
    assert found
    amounts: dict[str, str] = found["status"].get("used") or {}
    return amounts


async def test_a_new_quota_is_counted() -> None:
    objects = [pod("a"), pod("b"), pod("over", "Succeeded"), obj("Secret", "s"), obj("Secret", "x", "other")]
    client = FakeClient(quota(pods="5", requests_cpu="1", secrets="3", count__things_example_com="1"), *objects)
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
    assert used(client) == {"pods": "2", "requests.cpu": "200m", "secrets": "1", "count/things.example.com": "0"}
    found = client.find(QUOTAS, "q", "default")
    assert found and found["status"]["hard"] == found["spec"]["hard"]


async def test_what_goes_or_ends_is_counted_no_more() -> None:
    client = FakeClient(quota(pods="5", requests_cpu="1", secrets="1"), pod("a"), pod("b"), obj("Secret", "s"))
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
        await client.delete(PODS, "a", "default")
        await client.delete(SECRETS, "s", "default")
        ended = client.find(PODS, "b", "default")
        assert ended
        await client.update(PODS, {**ended, "status": {"phase": "Failed"}}, "default", subresource="status")
        await clock_of(client).advance(3)
    assert used(client) == {"pods": "0", "requests.cpu": "0", "secrets": "0"}


async def test_an_object_on_its_way_is_not_given_back() -> None:
    """Charged by admission, stored a moment later."""
    client = FakeClient(quota({"hard": {"pods": "5"}, "used": {"pods": "1"}}, pods="5"))
    async with running(client, make, discovery()):
        await clock_of(client).advance(ARRIVAL_SECONDS / 2)
        assert used(client) == {"pods": "1"}
        client.put(pod("late"))
        await clock_of(client).advance(10)
        assert used(client) == {"pods": "1"}
        await client.delete(PODS, "late", "default")
        await clock_of(client).advance(ARRIVAL_SECONDS / 2)
        assert used(client) == {"pods": "1"}
        await clock_of(client).advance(ARRIVAL_SECONDS)
        assert used(client) == {"pods": "0"}


async def test_while_others_come_what_went_is_given_back_all_the_same() -> None:
    """A namespace in which pods come and go all the time."""
    client = FakeClient(quota({"hard": {"pods": "9"}, "used": {"pods": "5"}}, pods="9"), pod("kept"))
    async with running(client, make, discovery()):
        for number in range(10):
            current = client.find(QUOTAS, "q", "default")
            assert current
            charged = str(int(used(client)["pods"]) + 1)
            status = {**current["status"], "used": {"pods": charged}}
            await client.update(QUOTAS, {**current, "status": status}, "default", subresource="status")
            await clock_of(client).advance(0.1)
            client.put(pod(f"p{number}"))
            await clock_of(client).advance(0.1)
        await clock_of(client).advance(3)
    assert used(client) == {"pods": "11"}


async def test_a_changed_limit_is_taken_over() -> None:
    client = FakeClient(quota(pods="5"), pod("a"))
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
        current = client.find(QUOTAS, "q", "default")
        assert current
        await client.update(QUOTAS, {**current, "spec": {"hard": {"secrets": "1"}}}, "default")
        await clock_of(client).advance(1)
    assert used(client) == {"secrets": "0"}


async def test_only_what_a_quota_counts_is_watched() -> None:
    client = FakeClient(quota(secrets="3"))
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
    watched = {call.resource.resource for call in client.reads if call.verb == "watch"}
    assert watched == {"resourcequotas", "secrets"}


async def test_scopes_are_heeded() -> None:
    deadline = pod("job")
    deadline["spec"]["activeDeadlineSeconds"] = 5
    client = FakeClient(quota(pods="5", spec={"scopes": ["Terminating"]}), pod("a"), deadline)
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
    assert used(client) == {"pods": "1"}


async def test_a_pod_whose_grace_is_over_stops_counting_by_itself() -> None:
    client = FakeClient(quota(pods="5"), {**pod("a"), "spec": {**pod("a")["spec"], "nodeName": "gone"}})
    async with running(client, make, discovery()):
        await clock_of(client).advance(1)
        await client.delete(PODS, "a", "default")
        await clock_of(client).advance(20)
        assert used(client) == {"pods": "1"}
        await clock_of(client).advance(120)
        assert used(client) == {"pods": "0"}


async def test_when_all_is_counted_nothing_is_written() -> None:
    client = FakeClient(quota(pods="5"), pod("a"))
    async with running(client, make, discovery()):
        await clock_of(client).advance(300)
    assert len(client.calls) == 1 and replace(client.calls[0]).subresource == "status"
