"""Certificates of authorities in volumes."""

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kit.errors import NotFound, Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.volumes.payloads import BundleNeed
from wherry.node.pods.volumes.trustbundles import BUNDLES, REFRESH_SECONDS, TrustBundles, joined


def certificate(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


A, B, C = (certificate(text * 4) for text in "ABC")
EVERYTHING = b"{}"


def bundle(name: str, content: str, signer: str = "", **labels: str) -> Object:
    spec = {"trustBundle": content, **({"signerName": signer} if signer else {})}
    return {
        "apiVersion": "certificates.k8s.io/v1", "kind": "ClusterTrustBundle",
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels}, "spec": spec,
    }  # fmt: skip


@pytest.fixture
def client() -> Client:
    found = Client(FakeClock())
    found.fields[BUNDLES.group_resource] = lambda obj: {"spec.signerName": obj["spec"].get("signerName", "")}
    found.put(
        bundle("plain", B + A), bundle("s:x", C + A, "ex.io/s", tier="one"), bundle("s:y", B, "ex.io/s", tier="two"),
        bundle("t:z", C, "ex.io/t", tier="one"),
    )  # fmt: skip
    return found


def bundles(client: Client) -> TrustBundles:
    return TrustBundles(client, client.clock)


async def test_one_by_its_name(client: Client) -> None:
    assert await bundles(client).fetch(pod(), BundleNeed("plain")) == (A + B).encode()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [(EVERYTHING, A + B + C), (b'{"matchLabels":{"tier":"one"}}', A + C)],
)
async def test_those_of_a_signer_each_certificate_once(client: Client, selector: bytes, expected: str) -> None:
    assert await bundles(client).fetch(pod(), BundleNeed(signer="ex.io/s", selector=selector)) == expected.encode()


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (BundleNeed("gone"), 'clustertrustbundle.certificates.k8s.io "gone" not found'),
        (BundleNeed(signer="ex.io/s"), "combination of signerName and labelSelector matched zero ClusterTrustBundles"),
        (BundleNeed(signer="ex.io/u", selector=EVERYTHING), "matched zero ClusterTrustBundles"),
    ],
)
async def test_what_is_not_there_is_missing_or_empty(client: Client, need: BundleNeed, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        await bundles(client).fetch(pod(), need)
    optional = BundleNeed(need.name, need.signer, need.selector, optional=True)
    assert await bundles(client).fetch(pod(), optional) == b""


async def test_they_are_looked_at_again_after_a_while_and_kept_while_nobody_answers(client: Client) -> None:
    found, need = bundles(client), BundleNeed("plain")
    assert found.due_seconds("uid-web") is None
    await found.fetch(pod(), need)
    client.put(bundle("plain", C))
    assert await found.fetch(pod(), need) == (A + B).encode()
    assert found.due_seconds("uid-web") == REFRESH_SECONDS
    await client.clock.advance(REFRESH_SECONDS)
    assert found.due_seconds("uid-web") == 0
    client.fault = lambda call: Unavailable("away")
    assert await found.fetch(pod(), need) == (A + B).encode()
    client.fault = lambda call: None
    await client.clock.advance(REFRESH_SECONDS)
    assert await found.fetch(pod(), need) == C.encode()
    found.forget("uid-web")
    assert found.due_seconds("uid-web") is None


async def test_an_api_that_is_away_is_no_answer(client: Client) -> None:
    client.fault = lambda call: Unavailable("away")
    with pytest.raises(Unavailable):
        await bundles(client).fetch(pod(), BundleNeed("plain", optional=True))


def test_what_stands_around_certificates_is_left_out() -> None:
    assert joined([f"words\n{B}more", A.replace("AAAA", "AA\nAA")]) == (A + B).encode()
    assert joined([]) == b""
