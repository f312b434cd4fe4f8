"""Pods of the machine's own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.node.pods.rig import EVENTS, Rig
from wherry.kit.errors import Unavailable
from wherry.kube.machinery.model import Object
from wherry.node.pods.fake import Behaviour
from wherry.node.pods.view import PODS

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: own, labels: {app: own}}
spec:
  containers: [{name: web, image: "demo:1"}]
"""
NAME = "own-n1"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    directory = tmp_path / "manifests"
    directory.mkdir()
    (directory / "own.yaml").write_text(MANIFEST)
    (directory / ".hidden.yaml").write_text(MANIFEST)
    (directory / "broken.yaml").write_text("kind: Pod\nspec: [")
    return Rig(tmp_path / "pods", static_pods=directory)


async def test_a_pod_of_the_machine_runs_and_is_shown(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        mirror = rig.pod(NAME)
        assert mirror is not None
        annotations = mirror["metadata"]["annotations"]
        assert annotations["kubernetes.io/config.source"] == "file"
        assert annotations["kubernetes.io/config.mirror"] == annotations["kubernetes.io/config.hash"]
        (owner,) = mirror["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["controller"]) == ("Node", "n1", True)
        place = rig.agent.place("default", NAME)
        assert place is not None
        assert place.containers["web"].running


async def test_a_file_that_is_none_is_told_of(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        told = [each for each in rig.client.all(EVENTS) if each["reason"] == "InvalidManifest"]
        assert len(told) == 1
        assert (told[0]["type"], told[0]["involvedObject"]["kind"]) == ("Warning", "Node")
        assert "Could not process manifest file" in told[0]["message"]
        assert "broken.yaml" in told[0]["message"]


async def test_its_successor_waits_for_its_end(rig: Rig) -> None:
    rig.runtime.behave = lambda spec: Behaviour(stop_seconds=20)
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        assert rig.options.static_pods is not None
        (rig.options.static_pods / "own.yaml").write_text(MANIFEST.replace("demo:1", "demo:2"))
        await rig.until(lambda: bool(rig.calls("stop_container")), 5)
        await rig.settle(10)
        assert len(rig.runtime.sandboxes()) == 1
        await rig.until(lambda: rig.is_ready(NAME) and rig.container("web", NAME)["image"] == "demo:2", 30)


async def test_to_delete_what_shows_it_ends_nothing(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        before = rig.pod(NAME)
        assert before is not None
        await rig.client.delete(PODS, NAME, "default")
        await rig.until(lambda: (rig.pod(NAME) or before)["metadata"]["uid"] != before["metadata"]["uid"], 3)
        await rig.until(lambda: rig.is_ready(NAME), 3)
    assert not rig.calls("stop_container")
    assert len(rig.calls("start_container")) == 1


async def test_what_shows_it_is_away_for_a_moment(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        await rig.client.delete(PODS, NAME, "default")
        await rig.settle(0.75)
        assert rig.pod(NAME) is None
        await rig.settle(0.5)
        assert rig.is_ready(NAME)


async def test_what_shows_it_is_removed_however_often_that_fails(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        before = rig.pod(NAME)
        assert before is not None
        await rig.client.delete(PODS, NAME, "default")
        failures = iter(range(3))
        rig.client.fault = lambda call: (
            Unavailable("busy") if call.verb == "delete" and next(failures, None) is not None else None
        )
        await rig.until(lambda: (rig.pod(NAME) or before)["metadata"]["uid"] != before["metadata"]["uid"], 10)
        assert next(failures, None) is None


async def test_it_outlives_the_agent(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
    calls = list(rig.runtime.calls)
    async with rig.running():
        await rig.settle(25)
        assert rig.is_ready(NAME)
    assert rig.runtime.calls == calls


async def test_another_manifest_is_another_pod_and_none_is_none(rig: Rig) -> None:
    async with rig.running():
        await rig.until(lambda: rig.is_ready(NAME), 2)
        assert rig.options.static_pods is not None
        file = rig.options.static_pods / "own.yaml"
        file.write_text(MANIFEST.replace("demo:1", "demo:2"))
        await rig.until(lambda: rig.is_ready(NAME) and rig.container("web", NAME)["image"] == "demo:2", 30)
        assert len(rig.runtime.sandboxes()) == 1
        file.unlink()
        await rig.until(lambda: rig.pod(NAME) is None and not rig.runtime.sandboxes(), 30)


async def test_it_needs_no_api(rig: Rig) -> None:
    async def never(pod: Object, addresses: Sequence[str]) -> None:
        await asyncio.Event().wait()

    rig.parts["ready"] = never  # nobody can say which policies there are
    rig.client.fault = lambda call: Unavailable("nobody answers")
    async with rig.running(wait=False):
        await rig.until(lambda: rig.calls("start_container"), 10)
        await rig.settle(60)
        assert not rig.calls("stop_container")
        rig.client.fault = lambda call: None
        await rig.until(lambda: rig.is_ready(NAME), 200)
    assert len(rig.calls("start_container")) == 1
