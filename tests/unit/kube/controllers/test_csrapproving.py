import pytest

from tests.unit.kube.controllers.csr import approved, csr, request
from tests.unit.kube.controllers.harness import after
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.csrapproving import REQUESTS, CsrApproving, is_decided, recognize
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object
from wherry.kube.pki.requests import CLIENT


def make(needs: Needs) -> list[Controller]:
    return [Controller(CsrApproving(needs), needs.clock)]


class Reviewing(FakeClient):
    """Answers reviews, by the subresource asked for."""

    rights: tuple[str, ...] = ()

    async def create(self, resource, obj, namespace="", *, name="", subresource=""):  # type: ignore[no-untyped-def]
        if resource.resource != "subjectaccessreviews":
            return await super().create(resource, obj, namespace, name=name, subresource=subresource)
        asked = obj["spec"]["resourceAttributes"]
        assert asked["verb"] == "create" and asked["resource"] == "certificatesigningrequests"
        return {**obj, "status": {"allowed": asked["subresource"] in self.rights}}


async def conditions(made: Object, *rights: str) -> list[tuple[str, str]]:
    client = Reviewing(made)
    client.rights = rights
    await after(client, make, 5)
    found = client.find(REQUESTS, "r")
    assert found
    return [(each["type"], each["message"]) for each in (found.get("status") or {}).get("conditions") or ()]


async def test_a_nodes_request_is_approved_for_who_may_have_it() -> None:
    assert await conditions(csr(), "nodeclient") == [
        ("Approved", "Auto approving kubelet client certificate after SubjectAccessReview.")
    ]
    assert await conditions(csr()) == []


async def test_a_node_renews_its_own() -> None:
    mine = csr(user="system:node:n1")
    assert await conditions(mine, "selfnodeclient") == [
        ("Approved", "Auto approving self kubelet client certificate after SubjectAccessReview.")
    ]
    assert await conditions(csr(user="system:node:n2"), "selfnodeclient") == []


@pytest.mark.parametrize(
    "more",
    [
        {"signerName": CLIENT}, {"request": request("eve", "system:nodes")}, {"request": "%%%"},
        {"request": request("system:node:n1", "system:masters")}, {"usages": ["client auth", "server auth"]},
    ],
)  # fmt: skip
def test_other_requests_are_for_people_to_decide(more: dict[str, object]) -> None:
    assert recognize(csr(**more)) == []  # type: ignore[arg-type]


def test_what_is_decided_is_decided() -> None:
    assert is_decided(approved()) and is_decided(csr(status={"certificate": "x"})) and not is_decided(csr())
    assert is_decided(csr(status={"conditions": [{"type": "Denied"}]}))
