"""What comes before a container runs: its turn, its image, its configuration."""

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kit.errors import Unavailable, WherryError
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods.fake import Behaviour
from wherry.node.pods.probes.model import PASSED, Outcome, Result
from wherry.node.pods.runtime import ContainerSpec
from wherry.node.pods.view import PODS


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def config_map(name: str, **data: str) -> dict[str, object]:
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def secret(name: str, kind: str = "Opaque", **data: bytes) -> dict[str, object]:
    meta = {"name": name, "namespace": "default"}
    encoded = {key: b64encode(value).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": kind, "data": encoded}


def spec_of(rig: Rig, name: str = "web") -> ContainerSpec:
    return rig.runtime.specs[rig.run_of(name)]


# Order


async def test_init_containers_run_one_after_another_before_the_others(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=5 if spec.name in ("one", "two") else None)
    async with rig.running(pod("web", container(), initContainers=[container("one"), container("two")])):
        await rig.until(lambda: rig.calls("start_container") == [("start_container", "one", "0")])
        await rig.settle(1)
        assert rig.status()["phase"] == "Pending"
        assert rig.waiting() == "PodInitializing"
        assert rig.condition("Initialized")["message"] == "containers with incomplete status: [one two]"
        await rig.until(rig.is_ready, 11)
        assert [call[1] for call in rig.calls("start_container")] == ["one", "two", "web"]
        assert rig.container("one")["ready"]
        assert rig.container("one")["state"]["terminated"]["reason"] == "Completed"


async def test_it_began_when_the_node_took_it_on_however_late_that_is_told(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=5 if spec.name == "one" else None)
    await rig.clock.advance(0.9)
    began = rfc3339(rig.clock.now())
    async with rig.running(pod("web", container(), initContainers=[container("one")])):
        await rig.until(rig.is_ready, 6)
    assert rig.status()["startTime"] == began


async def test_an_init_container_that_fails_is_tried_again(rig: Rig) -> None:
    def behave(spec: ContainerSpec) -> Behaviour:
        return Behaviour(run_seconds=0, exit_code=0 if spec.attempt else 1) if spec.name == "one" else Behaviour()

    rig.runtime.behave = behave
    async with rig.running(pod("web", container(), initContainers=[container("one")])):
        await rig.until(rig.is_ready)
        assert rig.container("one")["restartCount"] == 1


async def test_an_init_container_that_fails_and_may_not_again_fails_the_pod(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=0, exit_code=1)
    async with rig.running(pod("web", container(), initContainers=[container("one")], restartPolicy="Never")):
        await rig.until(lambda: rig.status()["phase"] == "Failed")
    assert [call[1] for call in rig.calls("start_container")] == ["one"]
    assert rig.container()["state"]["terminated"]["reason"] == "ContainerStatusUnknown"


async def test_sidecars_start_in_order_and_end_last(rig: Rig) -> None:
    sidecars = [container("first", restartPolicy="Always"), container("second", restartPolicy="Always")]
    async with rig.running(pod("web", container(), initContainers=sidecars)):
        await rig.until(rig.is_ready)
        assert [call[1] for call in rig.calls("start_container")] == ["first", "second", "web"]
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
    assert [call[1] for call in rig.calls("stop_container")] == ["web", "second", "first"]


async def test_a_sidecar_keeps_no_job_from_ending(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(run_seconds=5 if spec.name == "web" else None)
    sidecar = container("proxy", restartPolicy="Always")
    async with rig.running(pod("web", container(), initContainers=[sidecar], restartPolicy="Never")):
        await rig.until(lambda: rig.status()["phase"] == "Succeeded", 6)
        assert rig.container("proxy")["state"]["terminated"]["exitCode"] == 0
        assert rig.container("proxy")["restartCount"] == 0


async def test_a_sidecar_that_ends_starts_again_whatever_the_policy(rig: Rig) -> None:
    sidecar = container("proxy", restartPolicy="Always")
    async with rig.running(pod("web", container(), initContainers=[sidecar], restartPolicy="Never")):
        await rig.until(rig.is_ready)
        rig.runtime.exit(rig.run_of("proxy"), 0)
        await rig.until(lambda: rig.container("proxy")["restartCount"] == 1 and rig.is_ready())
    assert len([call for call in rig.calls("start_container") if call[1] == "web"]) == 1


async def test_what_follows_a_sidecar_waits_until_it_has_started(rig: Rig) -> None:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 100}
    rig.answers.says = lambda probe, target: Outcome(Result.FAILURE, "no")
    sidecar = container("proxy", restartPolicy="Always", startupProbe=probe)
    async with rig.running(pod("web", container(), initContainers=[sidecar])):
        await rig.until(lambda: "proxy" in rig.answers.asked)
        await rig.settle(3)
        assert [call[1] for call in rig.calls("start_container")] == ["proxy"]
        rig.answers.says = lambda probe, target: PASSED
        await rig.until(rig.is_ready, 3)


async def test_an_ephemeral_container_is_added_and_never_restarted(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.update(ephemeralContainers=[container("debug", targetContainerName="web")])
        await rig.until(lambda: "running" in (rig.container("debug").get("state") or {}), 1)
        assert spec_of(rig, "debug").target == rig.run_of("web")
        rig.runtime.exit(rig.run_of("debug"), 0)
        await rig.until(lambda: "terminated" in rig.container("debug")["state"], 1)
        await rig.settle(20)
    assert len([call for call in rig.calls("start_container") if call[1] == "debug"]) == 1
    assert rig.is_ready()


async def test_a_target_that_never_ran_is_told_of(rig: Rig) -> None:
    rig.runtime.missing.add("none:1")
    async with rig.running(pod("web", container(), container("late", image="none:1"))):
        await rig.until(lambda: "running" in (rig.container().get("state") or {}), 1)
        rig.update(ephemeralContainers=[container("debug", targetContainerName="late")])
        await rig.until(lambda: rig.waiting("debug") == "CreateContainerConfigError", 1)
        assert rig.container("debug")["state"]["waiting"]["message"] == "unable to find target container late"


async def test_an_ephemeral_container_may_refer_to_what_no_other_did(rig: Rig) -> None:
    rig.client.put(config_map("late", A="b"))
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        rig.update(ephemeralContainers=[container("debug", envFrom=[{"configMapRef": {"name": "late"}}])])
        await rig.until(lambda: "running" in (rig.container("debug").get("state") or {}), 1)
        assert dict(spec_of(rig, "debug").env)["A"] == "b"


# Images


async def test_an_image_that_is_here_is_not_pulled(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.settle()
    assert not rig.calls("ensure_image")
    assert rig.said("Pulled") == ['Container image "demo:1" already present on machine']


async def test_an_image_that_is_not_here_is_pulled(rig: Rig) -> None:
    rig.runtime.has_all_images = False
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        await rig.settle()
    assert rig.said("Pulling") == ['Pulling image "demo:1"']
    assert rig.said("Pulled")[0].startswith('Successfully pulled image "demo:1" in 0s (0s including waiting)')


async def test_always_means_to_look_for_a_newer_one(rig: Rig) -> None:
    async with rig.running(pod("web", container(imagePullPolicy="Always", image="demo"))):
        await rig.until(rig.is_ready)
    assert rig.calls("ensure_image") == [("ensure_image", "demo:latest")]


async def test_an_image_that_does_not_exist(rig: Rig) -> None:
    rig.runtime.missing = {"demo:1"}
    async with rig.running(pod()):
        await rig.until(lambda: rig.waiting() == "ErrImagePull")
        said = "failed to resolve reference demo:1: not found"
        assert rig.container()["state"]["waiting"]["message"] == said
        await rig.until(lambda: rig.waiting() == "ImagePullBackOff", 2)
        assert rig.container()["state"]["waiting"]["message"] == (
            f'Back-off pulling image "demo:1": ErrImagePull: {said}'
        )
        assert rig.status()["phase"] == "Pending"
        await rig.until(lambda: len(rig.calls("ensure_image")) == 2, 10)
        await rig.settle(18)
        assert len(rig.calls("ensure_image")) == 2
        rig.runtime.missing = set()
        await rig.until(rig.is_ready, 4)
    assert f'Failed to pull image "demo:1": {said}' in rig.said("Failed")
    assert "Error: ErrImagePull" in rig.said("Failed")
    assert 'Back-off pulling image "demo:1"' in rig.said("BackOff")


async def test_an_image_that_may_not_be_pulled(rig: Rig) -> None:
    rig.runtime.has_all_images = False
    async with rig.running(pod("web", container(imagePullPolicy="Never"))):
        await rig.until(lambda: rig.waiting() == "ErrImageNeverPull")
        said = 'Container image "demo:1" is not present with pull policy of Never'
        assert rig.container()["state"]["waiting"]["message"] == said


async def test_a_name_that_is_none(rig: Rig) -> None:
    async with rig.running(pod("web", container(image="bad name"))):
        await rig.until(lambda: rig.waiting() == "InvalidImageName")


async def test_a_pod_that_is_deleted_while_its_image_is_pulled_goes_at_once(rig: Rig) -> None:
    rig.runtime.has_all_images = False

    async def never(reference: str, pull: bool, credentials: object = ()) -> None:
        await asyncio.Event().wait()

    rig.runtime.ensure_image = never  # type: ignore[assignment,method-assign]
    async with rig.running(pod()):
        await rig.until(lambda: rig.waiting() == "ContainerCreating", 1)
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
        assert not rig.runtime.sandboxes()


# Configuration


async def test_variables_come_from_everywhere(rig: Rig) -> None:
    env = [
        {"name": "PLAIN", "value": "a $(FROM_MAP) $(NOT_THERE) $$(PLAIN)"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}},
        {"name": "NONE", "valueFrom": {"configMapKeyRef": {"name": "no", "key": "x", "optional": True}}},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}},
    ]
    web = container(env=env, envFrom=[{"configMapRef": {"name": "m"}, "prefix": "FROM_"}], args=["$(KEY)"])
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "data-base", "namespace": "default"},
        "spec": {"clusterIP": "10.96.0.7", "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}]},
    }  # fmt: skip
    rig.client.put(config_map("m", MAP="yes"), secret("s", password=b"secret"), service)
    async with rig.running(pod("web", web)):
        await rig.until(rig.is_ready)
        spec = spec_of(rig)
    found = dict(spec.env)
    assert found["PLAIN"] == "a yes $(NOT_THERE) $(PLAIN)"
    assert found["KEY"] == "secret"
    assert "NONE" not in found
    assert (found["NAME"], found["IP"], found["CPU"]) == ("web", "10.0.0.2", "32")
    assert found["DATA_BASE_SERVICE_HOST"] == "10.96.0.7"
    assert found["DATA_BASE_PORT_5432_TCP"] == "tcp://10.96.0.7:5432"
    assert spec.args == ("secret",)


async def test_a_config_map_that_is_not_there_is_waited_for(rig: Rig) -> None:
    web = container(envFrom=[{"configMapRef": {"name": "later"}}])
    async with rig.running(pod("web", web)):
        await rig.until(lambda: rig.waiting() == "CreateContainerConfigError")
        assert rig.container()["state"]["waiting"]["message"] == 'configmap "later" not found'
        assert rig.status()["phase"] == "Pending"
        rig.client.put(config_map("later", A="b"))
        await rig.until(rig.is_ready)
        assert dict(spec_of(rig).env)["A"] == "b"
    assert 'Error: configmap "later" not found' in rig.said("Failed")


async def test_a_key_that_is_not_there(rig: Rig) -> None:
    rig.client.put(config_map("m"))
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "a"}}}]
    async with rig.running(pod("web", container(env=env))):
        await rig.until(lambda: rig.waiting() == "CreateContainerConfigError")
        assert rig.container()["state"]["waiting"]["message"] == "couldn't find key a in ConfigMap default/m"


async def test_an_image_that_runs_as_root_where_it_must_not(rig: Rig) -> None:
    web = container(securityContext={"runAsNonRoot": True})
    async with rig.running(pod("web", web)):
        await rig.until(lambda: rig.waiting() == "CreateContainerConfigError")
        assert rig.container()["state"]["waiting"]["message"] == (
            'container has runAsNonRoot and image will run as root (pod: "web_default(uid-web)", container: web)'
        )
    assert not rig.calls("create_container")


async def test_a_container_that_cannot_be_made(rig: Rig) -> None:
    def fault(call: tuple[str, ...]) -> WherryError | None:
        return Unavailable("no space left on device") if call[0] == "create_container" else None

    rig.runtime.fault = fault
    async with rig.running(pod()):
        await rig.until(lambda: rig.waiting() == "CreateContainerError")
        assert rig.container()["state"]["waiting"]["message"] == "no space left on device"
        rig.runtime.fault = lambda call: None
        await rig.until(rig.is_ready, 11)


async def test_a_container_that_cannot_start(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(start_error='exec: "nope": executable file not found in $PATH')
    async with rig.running(pod()):
        await rig.until(lambda: rig.waiting() in ("RunContainerError", "CrashLoopBackOff"))
        await rig.until(lambda: rig.waiting() == "CrashLoopBackOff", 3)
        ended = rig.container()["lastState"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
        assert "executable file not found" in ended["message"]


async def test_a_sandbox_that_cannot_start(rig: Rig) -> None:
    def fault(call: tuple[str, ...]) -> WherryError | None:
        return Unavailable("no address is free") if call[0] == "start_sandbox" else None

    rig.runtime.fault = fault
    async with rig.running(pod()):
        await rig.until(lambda: rig.said("FailedCreatePodSandBox"))
        rig.runtime.fault = lambda call: None
        await rig.until(rig.is_ready, 2)
    assert rig.said("FailedCreatePodSandBox")[0] == "Failed to create pod sandbox: no address is free"


async def test_pull_secrets_are_used(rig: Rig) -> None:
    given: list[object] = []
    real = rig.runtime.ensure_image

    async def ensure(reference: str, pull: bool, credentials: object = ()) -> object:
        given.append(credentials)
        return await real(reference, pull)

    rig.runtime.ensure_image = ensure  # type: ignore[assignment,method-assign]
    rig.runtime.has_all_images = False
    document = {"auths": {"registry.example:5000": {"auth": b64encode(b"me:word").decode()}}}
    held = {".dockerconfigjson": json.dumps(document).encode()}
    rig.client.put(secret("pull", "kubernetes.io/dockerconfigjson", **held))
    web = container(image="registry.example:5000/demo:1")
    async with rig.running(pod("web", web, imagePullSecrets=[{"name": "pull"}])):
        await rig.until(rig.is_ready)
    ((found,),) = given  # type: ignore[misc]
    assert (found.registry, found.username, found.password) == ("registry.example:5000", "me", "word")


@pytest.mark.parametrize(("seconds", "told"), [(0.75, ["Running"]), (4.0, ["Pending", "Running"])])
async def test_a_start_that_is_quick_is_told_when_it_is_done(rig: Rig, seconds: float, told: list[str]) -> None:
    rig.runtime.behave = lambda spec: Behaviour(start_seconds=seconds)
    phases = []
    rig.client.put(pod())
    watch = rig.client.watch(PODS, "default", resource_version=str(rig.client.revision))
    async with rig.running(), watch as changes:
        await rig.until(rig.is_ready, 5)
        while not phases or phases[-1] != "Running":
            change = await anext(changes)
            phases.append(change.object["status"]["phase"])
    assert phases == told


async def test_what_waits_for_its_turn_is_not_old_when_that_comes(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(start_seconds=3)
    async with rig.running(pod()):
        turns, taken = rig.agent._parts.turns, 0
        while not turns.locked():
            await turns.acquire()
            taken += 1
        await rig.settle(2)  # that it is starting is worth a word by now
        await rig.settle(3)
        assert not rig.is_ready()
        for _ in range(taken):
            turns.release()
        await rig.until(rig.is_ready)
    assert [call.verb for call in rig.client.calls if call.resource == PODS.group_resource] == ["patch"]
