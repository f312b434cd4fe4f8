import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.unit.kube.controllers.harness import EVENTS, PODS, running
from tests.unit.kube.controllers.statefulset.sets import claim, member, stateful, with_claims
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.statefulset.control import CLAIMS, StatefulPods
from wherry.kube.controllers.statefulset.plan import Step
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden

DB = with_claims(stateful())


@contextlib.asynccontextmanager
async def control(client: FakeClient) -> AsyncIterator[StatefulPods]:
    made: list[StatefulPods] = []

    def make(needs: Needs) -> list[Runnable]:
        made.append(StatefulPods(needs, needs.informers.of(PODS), needs.informers.of(CLAIMS), Expectations()))
        return []

    async with running(client, make):
        yield made[0]


def said(client: FakeClient) -> list[tuple[str, str]]:
    return sorted((each["reason"], each["message"]) for each in client.all(EVENTS))


def whole() -> Step:
    return Step(claims=(claim(DB, 1),), create=member(DB, 1))


async def test_a_step_is_said_in_upstreams_words_and_may_be_done_again() -> None:
    client = FakeClient(DB)
    async with control(client) as pods:
        await pods.follow(DB, whole())
        await settle()
        assert said(client) == [
            ("SuccessfulCreate", "create Claim data-db-1 Pod db-1 in StatefulSet db success"),
            ("SuccessfulCreate", "create Pod db-1 in StatefulSet db successful"),
        ]
        with pytest.raises(StatusError, match="already exists"):
            await pods.follow(DB, whole())
        (only,) = client.all(PODS)
        await pods.follow(DB, Step(delete=only))
        await settle()
        assert ("SuccessfulDelete", "delete Pod db-1 in StatefulSet db successful") in said(client)


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("pods", 'create Pod db-1 in StatefulSet db failed error: pods "x" is forbidden: quota'),
        ("persistentvolumeclaims", "create Claim data-db-1 for Pod db-1 in StatefulSet db failed error: "
                                   'persistentvolumeclaims "x" is forbidden: quota'),
    ],
)  # fmt: skip
async def test_what_cannot_be_made_is_said(resource: str, message: str) -> None:
    client = FakeClient(DB)

    def quota(call: Call) -> StatusError | None:
        refused = call.verb == "create" and call.resource.resource == resource
        return forbidden(call.resource, "x", "quota") if refused else None

    client.fault = quota
    async with control(client) as pods:
        with pytest.raises(StatusError):
            await pods.follow(DB, whole())
        await settle()
    assert ("FailedCreate", message) in said(client)


async def test_pods_and_claims_are_changed() -> None:
    client = FakeClient(DB, member(DB, 1), claim(DB, 1))
    async with control(client) as pods:
        changed: list[Object] = [client.all(resource)[0] for resource in (PODS, CLAIMS)]
        for each in changed:
            each["metadata"]["labels"] = {"a": "b"}
        before = client.all(PODS)[0]["spec"]
        changed[0]["spec"] = {}  # as much of it as there is in memory
        await pods.follow(DB, Step(change=changed[0], own=(changed[1],)))
        await settle()
        assert said(client) == [("SuccessfulUpdate", "update Pod db-1 in StatefulSet db successful")]
        assert all(client.all(each)[0]["metadata"]["labels"]["a"] == "b" for each in (PODS, CLAIMS))
        assert client.all(PODS)[0]["spec"] == before
        client.fault = lambda call: forbidden(call.resource, "x", "no") if call.verb == "patch" else None
        with pytest.raises(StatusError):
            await pods.follow(DB, Step(change=changed[0]))
        await settle()
        assert "FailedUpdate" in [reason for reason, _ in said(client)]
