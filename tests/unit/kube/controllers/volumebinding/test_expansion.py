"""Claims that want more than they have."""

import pytest

from tests.unit.kube.controllers.harness import EVENTS, clock_of, running
from tests.unit.kube.controllers.volumebinding.test_controller import claim
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.volumebinding.expansion import CLAIMS, VolumeExpansion, asked, wants_more
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(VolumeExpansion(needs), needs.clock, 1)]


def bound(has: str = "1Gi", wants: str = "1Gi", phase: str = "Bound") -> Object:
    found = claim()
    found["spec"]["resources"]["requests"]["storage"] = wants
    return {**found, "status": {"phase": phase, "capacity": {"storage": has}}}


@pytest.mark.parametrize(
    ("given", "more"),
    [
        (bound(), False),
        (bound("2Gi", "1Gi"), False),
        (bound("1Gi", "1025Mi"), True),
        (bound("1Gi", "2Gi", "Pending"), False),
        (claim(), False),
    ],
)
def test_who_wants_more(given: Object, more: bool) -> None:
    assert wants_more(given) is more


def test_how_much() -> None:
    assert asked(bound(wants="2Ki")) == 2048
    assert asked({"spec": {}}) == 0


async def test_it_is_said_once_of_each_size() -> None:
    client = FakeClient(bound())
    async with running(client, make):
        for wants in ("1Gi", "2Gi", "2Gi", "3Gi"):
            found = client.find(CLAIMS, "data", "default")
            assert found
            found["spec"]["resources"]["requests"]["storage"] = wants
            found["metadata"]["labels"] = {"wants": wants}
            await client.update(CLAIMS, found, "default")
            await clock_of(client).advance(1)
    (told,) = client.all(EVENTS)
    assert (told["reason"], told["type"], told["count"]) == ("ExternalExpanding", "Warning", 2)
    assert told["source"]["component"] == "volume_expand"
    assert told["message"].startswith("Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting")
