"""The controllers that make a cluster run, all together."""

from tests.unit.kube.controllers.harness import after
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.controllers.running import running


async def test_each_has_a_name_of_its_own() -> None:
    names: list[str] = []

    def note(needs: Needs) -> list[Runnable]:
        names.extend(each.name for each in running(needs, needs.client))
        return []

    await after(FakeClient(), note, 0)
    assert len(names) == len(set(names)) > 15
