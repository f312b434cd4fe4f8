import base64

from tests.unit.kube.controllers.csr import approved, csr, request
from tests.unit.kube.controllers.harness import clock_of, names, running
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.csrapproving import REQUESTS
from wherry.kube.controllers.csrcleaning import OF_PODS, CsrCleaning, PodRequestCleaning, due
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.times import parse
from wherry.kube.pki.making import Authority, make_authority
from wherry.kube.pki.requests import KUBELET_CLIENT, Order, sign


def make(needs: Needs) -> list[Controller]:
    return [Controller(CsrCleaning(needs), needs.clock)]


async def test_a_decided_request_goes_after_an_hour_and_one_that_waits_after_a_day() -> None:
    client = FakeClient(approved(name="approved"), csr("pending"))
    async with running(client, make):
        await clock_of(client).advance(3500)
        assert names(client, REQUESTS) == ["approved", "pending"]
        await clock_of(client).advance(200)
        assert names(client, REQUESTS) == ["pending"]
        await clock_of(client).advance(86400)
        assert names(client, REQUESTS) == []


async def test_a_pods_request_goes_after_a_quarter_of_an_hour() -> None:
    one = {"apiVersion": "certificates.k8s.io/v1", "kind": "PodCertificateRequest"}
    client = FakeClient({**one, "metadata": {"name": "req-a", "namespace": "default"}})
    async with running(client, lambda needs: [Controller(PodRequestCleaning(needs), needs.clock)]):
        await clock_of(client).advance(890)
        assert names(client, OF_PODS) == ["req-a"]
        await clock_of(client).advance(20)
        assert names(client, OF_PODS) == []


def test_a_certificate_that_has_ended_is_of_no_use() -> None:
    now = FakeClock().now().timestamp()
    authority = Authority(make_authority(now))
    content = base64.b64decode(request("system:node:n1", "system:nodes"))
    certificate = sign(Order(content, KUBELET_CLIENT, ("digital signature", "client auth"), 600), authority, now)
    status = {"certificate": base64.b64encode(certificate.encode()).decode()}
    assert due(csr(status=status)) < parse("2026-01-01T00:15:00Z")
    assert due(csr(status={"certificate": "%%%"})) == parse("2026-01-02T00:00:00Z")
