"""Pull secrets of a pod."""

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import Client, container, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.node.pods.images import secrets
from wherry.node.pods.references import Reference, References
from wherry.node.pods.voice import Voice

MADE = pod("web", container(), imagePullSecrets=[{"name": "a"}, {"name": "b"}, {}])


def test_which_they_are() -> None:
    assert secrets.references(MADE) == {Reference("secrets", "default", "a"), Reference("secrets", "default", "b")}
    assert secrets.references(pod()) == set()


async def test_those_that_are_missing_are_named() -> None:
    clock = FakeClock()
    client = Client(clock)
    client.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "default"}})
    heard = Heard()
    async with Informers(client, clock) as informers:
        references = References(informers, lambda uid: None)
        await references.need("uid-web", secrets.references(MADE))
        found = secrets.found(MADE, references, Voice(heard, MADE))
    assert [each["metadata"]["name"] for each in found] == ["a"]
    assert heard.events == [("FailedToRetrieveImagePullSecret", "Warning")]
