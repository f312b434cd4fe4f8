"""Statuses of containers."""

from tests.unit.node.pods.life.facts import ended, run
from tests.unit.node.pods.rig import container, pod
from tests.unit.node.pods.status.reports import report
from wherry.kube.machinery.model import Object
from wherry.node.pods.life.model import Probed
from wherry.node.pods.runtime import State
from wherry.node.pods.status.containers import statuses, time

WAITING = {"waiting": {"reason": "ContainerCreating"}}


def one(made: Object | None = None, *runs: object, **more: object) -> Object:
    found = statuses(report(made, *runs, **more))  # type: ignore[arg-type]
    return found["containerStatuses"][0]


def known(**status: object) -> Object:
    made = pod()
    made["status"]["containerStatuses"] = [{"name": "web", **status}]
    return made


def test_before_it_is_made() -> None:
    assert one() == {
        "name": "web", "state": WAITING, "lastState": {}, "ready": False, "restartCount": 0, "image": "demo:1",
        "imageID": "", "started": False,
    }  # fmt: skip


def test_before_its_turn() -> None:
    made = pod("web", container(), initContainers=[container("one")])
    assert one(made)["state"] == {"waiting": {"reason": "PodInitializing"}}


def test_while_it_runs() -> None:
    found = one(None, run(attempt=2))
    assert found["state"] == {"running": {"startedAt": "1970-01-01T00:50:00Z"}}
    assert (found["ready"], found["started"], found["restartCount"]) == (True, True, 2)
    assert (found["containerID"], found["imageID"]) == ("wherry://web-2-s0", "demo@1")


def test_what_probes_say() -> None:
    up = run()
    assert not one(None, up, probed={up.id: Probed(ready=False)})["ready"]
    found = one(None, up, probed={up.id: Probed(started=False)})
    assert (found["started"], found["ready"]) == (False, False)


def test_while_its_first_hook_runs_it_is_not_shown_as_running() -> None:
    assert one(None, run(), busy=frozenset({"start web"}))["state"] == WAITING


def test_when_it_has_ended() -> None:
    last = ended(code=3)
    found = one(None, last, messages={last.id: "no coffee"})
    assert found["state"] == {
        "terminated": {
            "exitCode": 3, "reason": "Error", "startedAt": "1970-01-01T00:16:40Z",
            "finishedAt": "1970-01-01T00:16:41Z", "containerID": "wherry://web-0-s0", "message": "no coffee",
        }
    }  # fmt: skip
    assert (found["ready"], found["started"]) == (False, False)


def test_while_it_waits_for_another_chance() -> None:
    found = one(None, ended(code=1), waiting={"web": ("CrashLoopBackOff", "back-off 10s")})
    assert found["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    assert found["lastState"]["terminated"]["exitCode"] == 1


def test_when_it_runs_again() -> None:
    found = one(None, ended(code=1), run(attempt=1))
    assert list(found["state"]) == ["running"]
    assert found["lastState"]["terminated"]["exitCode"] == 1


def test_what_was_made_and_not_started_waits() -> None:
    assert one(None, run(state=State.CREATED))["state"] == WAITING


def test_what_the_runtime_has_forgotten_the_api_may_know() -> None:
    terminated = {"terminated": {"exitCode": 7}}
    gone = known(state=terminated, restartCount=3, containerID="wherry://x", imageID="i")
    found = one(gone)
    assert (found["state"], found["restartCount"], found["containerID"]) == (terminated, 3, "wherry://x")
    again = one(gone, run(attempt=4))
    assert again["lastState"] == terminated
    lost = one(known(state={"running": {}}, containerID="wherry://x"), run(attempt=1))
    assert lost["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"


def test_how_it_ended_before_stays_known_while_it_runs() -> None:
    last = {"terminated": {"exitCode": 9}}
    assert one(known(state={}, lastState=last, containerID="wherry://web-1-s0"), run(attempt=1))["lastState"] == last


def test_who_never_ran_has_ended_with_the_pod() -> None:
    found = one(None, has_stopped=True)
    assert found["state"]["terminated"]["exitCode"] == 137
    assert found["state"]["terminated"]["reason"] == "ContainerStatusUnknown"


def test_the_lists() -> None:
    made = pod(
        "web", container("b"), container("a"), initContainers=[container("z"), container("y", restartPolicy="Always")],
        ephemeralContainers=[container("debug")],
    )  # fmt: skip
    found = statuses(report(made, ended("z"), run("y"), run("debug")))
    assert {kind: [each["name"] for each in of_kind] for kind, of_kind in found.items()} == {
        "initContainerStatuses": ["z", "y"], "containerStatuses": ["a", "b"], "ephemeralContainerStatuses": ["debug"],
    }  # fmt: skip
    assert [each["ready"] for each in found["initContainerStatuses"]] == [True, True]
    assert "started" not in found["ephemeralContainerStatuses"][0]


def test_resources_and_mounts_of_what_was_made() -> None:
    mount = {"name": "v", "mountPath": "/v", "readOnly": True}
    wanted = {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}
    made = pod("web", container(resources=wanted, volumeMounts=[mount], lifecycle={"stopSignal": "SIGHUP"}))
    found = one(made, run())
    assert (found["allocatedResources"], found["resources"], found["stopSignal"]) == ({"cpu": "1"}, wanted, "SIGHUP")
    assert found["volumeMounts"] == [{**mount, "recursiveReadOnly": "Disabled"}]
    assert one(made, run(), resources={"web": {"requests": {"cpu": "2"}}})["resources"] == {"requests": {"cpu": "2"}}


def test_times() -> None:
    assert time(0) is None
    assert time(1_999_999_999) == "1970-01-01T00:00:01Z"
