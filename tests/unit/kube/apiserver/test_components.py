"""What is said of the parts of the control plane."""

from tests.unit.kube.apiserver.conftest import Place
from wherry.kit.errors import Unavailable
from wherry.kube.apiserver.components import SCHEDULER, STORE, Components
from wherry.kube.machinery.model import GroupVersionResource

STATUSES = GroupVersionResource("", "v1", "componentstatuses")


class Part:
    """Something that may be ill."""

    fault = ""

    async def check(self) -> None:
        if self.fault:
            raise Unavailable(self.fault)


async def said(place: Place) -> dict[str, tuple[str, str]]:
    """By name: whether it is healthy, and the message."""
    found = (await place.client.list(STATUSES)).items
    conditions = {each["metadata"]["name"]: each["conditions"] for each in found}
    assert all([each["type"] for each in some] == ["Healthy"] for some in conditions.values())
    return {name: (some[0]["status"], some[0]["message"]) for name, some in conditions.items()}


async def test_a_component_is_as_it_was_when_last_looked_at(place: Place) -> None:
    scheduler, store = Part(), Part()
    components = Components(place.server.caches, {SCHEDULER: scheduler.check, STORE: store.check})
    assert await said(place) == {}
    await components.look()
    assert await said(place) == {"etcd-0": ("True", "ok"), "scheduler": ("True", "ok")}
    store.fault = "the disk is full"
    assert (await said(place))["etcd-0"] == ("True", "ok")
    await components.look()
    assert await said(place) == {"etcd-0": ("False", "the disk is full"), "scheduler": ("True", "ok")}
    store.fault = ""
    await components.look()
    assert (await place.client.get(STATUSES, "etcd-0"))["conditions"][0]["status"] == "True"


async def test_a_fault_without_words_has_a_name(place: Place) -> None:
    async def never() -> None:
        raise TimeoutError

    await Components(place.server.caches, {STORE: never}).look()
    assert await said(place) == {"etcd-0": ("False", "TimeoutError")}
