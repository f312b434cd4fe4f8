import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.client.discovery import FakeDiscovery, ResourceType
from wherry.kube.machinery.model import GroupKind, GroupVersionResource

THING = ResourceType(GroupVersionResource("example.com", "v1", "things"), "Thing", True, frozenset({"list"}))


async def test_a_fake_says_what_it_is_told_and_tells_of_changes() -> None:
    discovery, told = FakeDiscovery(), []
    end = discovery.subscribe(lambda: told.append(1))
    discovery.change([THING])
    assert list(await discovery.resources()) == [THING] and told == [1]
    end()
    discovery.change([])
    assert told == [1]
    discovery.error = Unavailable("down")
    with pytest.raises(Unavailable):
        await discovery.resources()


def test_a_type_has_its_group_and_kind() -> None:
    assert THING.group_kind == GroupKind("example.com", "Thing")
