from datetime import UTC, datetime

from tests.unit.kube.controllers.harness import TYPES, clock_of, names, obj, running
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.apiservices import APISERVICES, MANAGED, ApiServices, Place, Steps, plan
from wherry.kube.machinery.model import GroupVersion, Object

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CORE, APPS, THINGS = GroupVersion("", "v1"), GroupVersion("apps", "v1"), GroupVersion("example.com", "v1")
SERVED = {CORE: Place(18000, 1), APPS: Place(17800, 15), THINGS: Place(1000, 100, True)}


def done(steps: Steps) -> list[Object]:
    """What is there when they have been taken."""
    gone = {each["metadata"]["name"] for each in steps.delete}
    return [each for each in (*steps.create, *steps.update, *steps.say) if each["metadata"]["name"] not in gone]


def test_every_version_that_is_served_has_one() -> None:
    made = plan(SERVED, (), NOW).create
    assert [each["metadata"]["name"] for each in made] == ["v1.", "v1.apps", "v1.example.com"]
    assert [each["metadata"]["labels"][MANAGED] for each in made] == ["onstart", "onstart", "true"]
    assert made[0]["spec"] == {"version": "v1", "groupPriorityMinimum": 18000, "versionPriority": 1}
    assert made[2]["spec"] == {
        "group": "example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 100,
    }  # fmt: skip


def test_what_is_there_is_said_to_be_available_once() -> None:
    made = done(plan(SERVED, (), NOW))
    said = done(plan(SERVED, made, NOW))
    assert [each["status"]["conditions"][0]["reason"] for each in said] == ["Local"] * 3
    assert said[0]["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-02T00:00:00Z"
    assert plan(SERVED, said, NOW) == Steps(), "the plan of what was done is empty"


def test_what_is_no_longer_served_goes_and_what_was_changed_is_changed_back() -> None:
    there = done(plan(SERVED, done(plan(SERVED, (), NOW)), NOW))
    steps = plan({CORE: Place(18000, 1), APPS: Place(17700, 15)}, there, NOW)
    assert [each["metadata"]["name"] for each in steps.delete] == ["v1.example.com"]
    (changed,) = steps.update
    assert changed["spec"]["groupPriorityMinimum"] == 17700 and changed["status"]


def test_what_others_made_is_theirs() -> None:
    theirs = obj("APIService", "v1.example.com", "", "apiregistration.k8s.io/v1", spec={"versionPriority": 7})
    others = obj("APIService", "v1.example.org", "", "apiregistration.k8s.io/v1")
    steps = plan({THINGS: Place(1000, 100, True)}, [theirs, others], NOW)
    assert (steps.create, steps.update, steps.delete) == ([], [], [])
    assert [each["metadata"]["name"] for each in steps.say] == ["v1.example.com"]


async def test_they_follow_what_is_served_and_come_back() -> None:
    client, discovery, served = FakeClient(), FakeDiscovery(TYPES), {CORE: Place(18000, 1)}
    async with running(client, lambda needs: [ApiServices(needs, lambda: served)], discovery):
        await clock_of(client).advance(5)
        assert names(client, APISERVICES) == ["v1."]
        served[THINGS] = Place(1000, 100, True)
        discovery.change(TYPES)
        await clock_of(client).advance(5)
        found = client.find(APISERVICES, "v1.example.com")
        assert found and found["status"]["conditions"][0]["status"] == "True"
        await client.delete(APISERVICES, "v1.")
        await clock_of(client).advance(5)
        assert names(client, APISERVICES) == ["v1.", "v1.example.com"]
        del served[THINGS]
        discovery.change(TYPES)
        await clock_of(client).advance(5)
        assert names(client, APISERVICES) == ["v1."]
        client.calls.clear()
        discovery.change(TYPES)
        await clock_of(client).advance(60)
        assert client.calls == [], "nothing is written when nothing is missing"
