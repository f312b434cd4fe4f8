import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.unit.kube.controllers.harness import EVENTS, PODS, SETS, SPACES, obj, running
from tests.unit.kube.controllers.workloads import pod, reference, template, workload
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.frame import Key, Needs, Runnable
from wherry.kube.controllers.podcontrol.control import PodControl, Statuses
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.podcontrol.owners import Workload, spec_selector
from wherry.kube.controllers.podcontrol.templates import pod_of
from wherry.kube.machinery.status import StatusError, forbidden

WEB = workload("ReplicaSet")
KEY = Key("default", "web")
SET = Workload(SETS, "ReplicaSet", "replicaset-controller")


@dataclass
class Made:
    control: PodControl
    statuses: Statuses
    expectations: Expectations


@contextlib.asynccontextmanager
async def controls(client: FakeClient) -> AsyncIterator[Made]:
    made: list[Made] = []

    def make(needs: Needs) -> list[Runnable]:
        expectations = Expectations()
        control = PodControl(needs, SET, needs.informers.of(PODS), expectations)
        made.append(Made(control, Statuses(needs, needs.informers.of(SETS), expectations), expectations))
        return []

    async with running(client, make):
        yield made[0]


def events(client: FakeClient) -> list[tuple[str, str, str]]:
    return [(each["type"], each["reason"], each["message"]) for each in client.all(EVENTS)]


def owned(client: FakeClient) -> list[str]:
    pods = client.all(PODS)
    return [each["metadata"]["name"] for each in pods if each["metadata"].get("ownerReferences")]


NEW = pod_of(template(), WEB, reference(WEB))


async def test_a_pod_is_made_with_an_event_and_expected_to_be_seen() -> None:
    client = FakeClient(WEB)
    async with controls(client) as made:
        created = await made.control.create(WEB, NEW)
        assert created is not None and not made.expectations.are_met(KEY)
        await settle()
        assert made.expectations.are_met(KEY)
        name = created["metadata"]["name"]
        assert events(client) == [("Normal", "SuccessfulCreate", f"Created pod: {name}")]
        about = client.all(EVENTS)[0]
        assert about["involvedObject"]["kind"] == "ReplicaSet"
        assert about["source"] == {"component": "replicaset-controller"}


async def test_what_cannot_be_made_is_said() -> None:
    client = FakeClient(WEB)
    client.fault = lambda call: forbidden(call.resource, "web-x", "exceeded quota: q") if call.verb == "create" and (
        call.resource.resource == "pods") else None  # fmt: skip
    async with controls(client) as made:
        with pytest.raises(StatusError):
            await made.control.create(WEB, NEW)
        await settle()
    expected = 'Error creating: pods "web-x" is forbidden: exceeded quota: q'
    assert events(client) == [("Warning", "FailedCreate", expected)]


async def test_nothing_is_made_or_said_in_a_namespace_that_ends() -> None:
    client = FakeClient(WEB, obj("Namespace", "default", "", spec={"finalizers": ["kubernetes"]}))
    await client.delete(SPACES, "default")
    async with controls(client) as made:
        assert await made.control.create(WEB, NEW) is None
        await settle()
    assert not client.all(EVENTS) and made.expectations.are_met(KEY)


async def test_a_pod_is_deleted_once_and_another_of_its_name_is_not() -> None:
    client = FakeClient(WEB, pod("a", WEB), pod("b", WEB))
    async with controls(client) as made:
        await made.control.delete(WEB, pod("a", WEB))
        assert not made.expectations.are_met(KEY)
        await settle()
        await made.control.delete(WEB, {**pod("b", WEB), "metadata": {**pod("b")["metadata"], "uid": "older"}})
        await made.control.delete(WEB, pod("gone", WEB))
        await settle()
        a, b = client.all(PODS)
        assert "deletionTimestamp" in a["metadata"] and "deletionTimestamp" not in b["metadata"]
        assert events(client) == [("Normal", "SuccessfulDelete", "Deleted pod: a")]


async def test_what_cannot_be_deleted_is_said() -> None:
    client = FakeClient(WEB, pod("a", WEB))
    client.fault = lambda call: forbidden(call.resource, "a", "no") if call.verb == "delete" else None
    async with controls(client) as made:
        with pytest.raises(StatusError):
            await made.control.delete(WEB, pod("a", WEB))
        await settle()
    assert events(client) == [("Warning", "FailedDelete", 'Error deleting: pods "a" is forbidden: no')]


async def test_orphans_that_are_selected_are_adopted_and_those_that_are_not_are_released() -> None:
    client = FakeClient(WEB, pod("mine", WEB), pod("stray"), pod("lost", WEB, labels={}), pod("other", labels={}))
    async with controls(client) as made:
        found = await made.control.claim(WEB, spec_selector(WEB))
        assert sorted(each["metadata"]["name"] for each in found) == ["mine", "stray"]
        assert owned(client) == ["mine", "stray"]
        await settle()
        again = await made.control.claim(WEB, spec_selector(WEB))
        assert len(again) == 2 and len(client.calls) == 2


async def test_only_what_is_wanted_is_claimed() -> None:
    client = FakeClient(WEB, pod("mine", WEB), pod("stray"))
    async with controls(client) as made:
        assert await made.control.claim(WEB, spec_selector(WEB), lambda pod: False) == []
    assert owned(client) == ["mine"]


async def test_an_owner_that_was_deleted_meanwhile_adopts_nothing() -> None:
    client = FakeClient(WEB, pod("stray"))
    async with controls(client) as made:
        newer = {**WEB, "metadata": {**WEB["metadata"], "uid": "another"}}
        with pytest.raises(StatusError, match="original ReplicaSet default/web is gone: got uid uid-web"):
            await made.control.claim(newer, spec_selector(WEB))
        held = {**WEB, "metadata": {**WEB["metadata"], "finalizers": ["x/y"]}}
        client.put(held)
        await client.delete(SETS, "web", "default")
        with pytest.raises(StatusError, match="default/web has just been deleted at"):
            await made.control.claim(WEB, spec_selector(WEB))
    assert owned(client) == []


async def test_a_pod_that_goes_meanwhile_is_neither_adopted_nor_missed() -> None:
    client = FakeClient(WEB, pod("stray"), pod("lost", WEB, labels={}))
    async with controls(client) as made:
        for name in ("stray", "lost"):
            await client.delete(PODS, name, "default", options={"gracePeriodSeconds": 0})
        assert await made.control.claim(WEB, spec_selector(WEB)) == []
        assert await made.control.change(WEB, pod("stray"), {"labels": {"a": "b"}}) is None


async def test_a_pod_of_no_owners_by_now_counts_as_released() -> None:
    client = FakeClient(WEB, pod("lost", WEB, labels={}))

    def fault(call: Call) -> StatusError | None:
        return StatusError(422, "Invalid", "no owners") if call.verb == "patch" else None

    client.fault = fault
    async with controls(client) as made:
        await made.control.release(WEB, pod("lost", WEB))
        client.fault = lambda call: StatusError(500, "InternalError", "x") if call.verb == "patch" else None
        with pytest.raises(StatusError):
            await made.control.release(WEB, pod("lost", WEB))


async def test_a_status_is_written_when_it_says_something_new() -> None:
    client = FakeClient(WEB)
    async with controls(client) as made:
        owner = client.all(SETS)[0]
        assert await made.statuses.write(owner, {"replicas": 0}) == owner and not client.calls
        changed = await made.statuses.write(owner, {"replicas": 2})
        assert changed["status"] == {"replicas": 2} and not made.expectations.are_met(KEY)
        with pytest.raises(StatusError, match="the object has been modified"):
            await made.statuses.write(owner, {"replicas": 3})
        await client.delete(SETS, "web", "default")
        assert await made.statuses.write(owner, {"replicas": 3}) == owner
