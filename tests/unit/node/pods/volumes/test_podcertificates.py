"""Certificates of pods: asked for, waited for, renewed, refused."""

from base64 import b64decode
from datetime import timedelta

import pytest

from tests.unit.node.pods.rig import Client, pod
from tests.unit.node.pods.volumes.test_tokens import Fixed
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.kinds.signing.certificates import read_request
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods.volumes import podcertificates
from wherry.node.pods.volumes.payloads import CertificateNeed
from wherry.node.pods.volumes.podcertificates import PENDING_SECONDS, REQUESTS, PodCertificates

NEED = CertificateNeed(("v", "all"), "ex.io/s", "ECDSAP256", 7200, (("ex.io/a", "b"),))
BLOCK = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def state(kind: str, **more: object) -> Object:
    return {"conditions": [{"type": kind, "status": "True", "reason": "Because", "message": "of it"}], **more}


class Signed(Client):
    """With a signer: ``status`` is what it says of every request; None: nothing yet."""

    status: Object | None = None

    async def get(self, resource: GroupVersionResource, name: str, namespace: str = "") -> Object:
        found = await super().get(resource, name, namespace)
        return {**found, "status": self.status} if resource == REQUESTS and self.status else found

    def issue(self, seconds: float = 3600, chain: str = BLOCK) -> None:
        refresh = rfc3339(self.clock.now() + timedelta(seconds=seconds))
        self.status = state("Issued", certificateChain=chain, beginRefreshAt=refresh)

    async def asked(self) -> list[Object]:
        return list((await self.list(REQUESTS)).items)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Signed:
    monkeypatch.setattr(podcertificates, "LOOKS", 1)
    found = Signed(FakeClock())
    found.put(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": "default", "uid": "a"},
        },
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "node-uid"}},
    )
    return found


def certificates(client: Signed, jitter: float = 0.0) -> PodCertificates:
    return PodCertificates(client, client.clock, "n", Fixed(jitter))


async def test_what_is_asked_for(client: Signed) -> None:
    with pytest.raises(Unavailable, match="credential bundle is not issued yet"):
        await certificates(client).fetch(pod(), NEED)
    [request] = await client.asked()
    assert request["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "uid-web"}
    ]
    read_request(b64decode(request["spec"].pop("stubPKCS10Request")))
    assert request["spec"] == {
        "signerName": "ex.io/s", "podName": "web", "podUID": "uid-web", "serviceAccountName": "default",
        "serviceAccountUID": "a", "nodeName": "n", "nodeUID": "node-uid", "maxExpirationSeconds": 7200,
        "unverifiedUserAnnotations": {"ex.io/a": "b"},
    }  # fmt: skip


async def test_one_request_is_waited_for(client: Signed) -> None:
    found = certificates(client)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await found.fetch(pod(), NEED)
    client.issue(chain=f"said\n{BLOCK.replace('AAAA', 'A' * 70)}between\n{BLOCK}")
    credential = await found.fetch(pod(), NEED)
    assert len(await client.asked()) == 1
    assert credential.key.startswith(b"-----BEGIN PRIVATE KEY-----")
    long = BLOCK.replace("AAAA", f"{'A' * 64}\n{'A' * 6}")
    assert credential.chain == (long + BLOCK).encode(), "nothing but its certificates"
    assert await found.fetch(pod(), NEED) == credential


async def test_it_is_renewed_when_the_signer_said_and_serves_until_then(client: Signed) -> None:
    found = certificates(client, jitter=0.5)
    client.issue(3600)
    first = await found.fetch(pod(), NEED)
    assert found.due_seconds("uid-web") == pytest.approx(3600 + 150)
    await client.clock.advance(3600 + 149)
    assert await found.fetch(pod(), NEED) == first and len(await client.asked()) == 1
    await client.clock.advance(2)
    client.status = None
    assert found.due_seconds("uid-web") == 0
    assert await found.fetch(pod(), NEED) == first, "the old one, while there is no other"
    assert len(await client.asked()) == 2 and found.due_seconds("uid-web") == PENDING_SECONDS
    client.issue(3600)
    assert (await found.fetch(pod(), NEED)).key != first.key


@pytest.mark.parametrize(("kind", "word"), [("Denied", "denied"), ("Failed", "failed")])
async def test_what_is_refused_is_refused_for_good(client: Signed, kind: str, word: str) -> None:
    found = certificates(client)
    client.status = state(kind)
    for _ in range(2):
        with pytest.raises(Invalid, match=f'permanently {word}: reason="Because" message="of it"'):
            await found.fetch(pod(), NEED)
    assert len(await client.asked()) == 1 and found.due_seconds("uid-web") is None


async def test_a_request_that_somebody_deleted_is_made_again(client: Signed) -> None:
    found = certificates(client)
    with pytest.raises(Unavailable):
        await found.fetch(pod(), NEED)
    [request] = await client.asked()
    await client.delete(REQUESTS, request["metadata"]["name"], "default")
    with pytest.raises(Unavailable, match="appears to have been deleted"):
        await found.fetch(pod(), NEED)
    client.issue()
    await found.fetch(pod(), NEED)


async def test_without_its_account_there_is_none(client: Signed) -> None:
    await client.delete(GroupVersionResource("", "v1", "serviceaccounts"), "default", "default")
    with pytest.raises((NotFound, StatusError)):
        await certificates(client).fetch(pod(), NEED)


async def test_a_pod_that_is_gone_has_none(client: Signed) -> None:
    found = certificates(client)
    client.issue()
    first = await found.fetch(pod(), NEED)
    found.forget("uid-web")
    assert found.due_seconds("uid-web") is None
    assert await found.fetch(pod(), NEED) != first
