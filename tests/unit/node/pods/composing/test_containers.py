"""A container as the runtime is asked for it."""

from pathlib import Path

import msgspec
import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing import containers
from wherry.node.pods.composing.containers import Given, container_spec, is_changed
from wherry.node.pods.composing.environment import Sources
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ContainerSpec, ImageStatus

OPTIONS = Options("n1", Path("/x"))


def made(web: Object, user: str = "", **given: object) -> ContainerSpec:
    whole = pod("web", web)
    member = next(view.members(whole))
    image = ImageStatus("sha256:1", "demo@sha256:1", user=user)
    sources = Sources(lambda kind, name: None)
    found = {
        "attempt": 3,
        "image": image,
        "sources": sources,
        "volumes": {"v": Ready("/data")},
        "memory_bytes": 1 << 30,
    }
    return container_spec(whole, member, Given(**{**found, **given}), OPTIONS)  # type: ignore[arg-type]


def test_words_are_expanded_and_the_images_own_are_left_alone() -> None:
    found = made(container(env=[{"name": "A", "value": "1"}], command=["run"], args=["$(A)", "$$(A)"]))
    assert (found.command, found.args, found.env) == (("run",), ("1", "$(A)"), (("A", "1"),))
    assert made(container()).command is None


def test_it_is_found_again_by_its_labels() -> None:
    found = made(container("db"))
    assert found.labels["io.kubernetes.container.name"] == "db"
    assert found.labels["io.kubernetes.pod.name"] == "web"
    assert (found.attempt, found.image) == (3, "sha256:1")


def test_what_will_have_to_be_known_of_it_later_goes_with_it() -> None:
    web = container(resources={"limits": {"cpu": "1"}}, terminationMessagePolicy="FallbackToLogsOnError")
    found = made(web, backoff_seconds=20.0, message_path="/messages/x").annotations
    assert found[containers.IMAGE] == "demo:1"
    assert found[containers.BACKOFF] == "20"
    assert found[containers.MESSAGE_PATH] == "/messages/x"
    assert found[containers.MESSAGE_POLICY] == "FallbackToLogsOnError"
    assert msgspec.json.decode(found[containers.RESOURCES]) == {"limits": {"cpu": "1"}}
    assert containers.BACKOFF not in made(container()).annotations


def test_last_words_have_their_file() -> None:
    found = made(container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), message_path="/messages/x")
    assert [(each.destination, each.source) for each in found.mounts] == [
        ("/v", "/data"), ("/dev/termination-log", "/messages/x"),
    ]  # fmt: skip


def test_streams_and_directory() -> None:
    found = made(container(stdin=True, stdinOnce=True, tty=True, workingDir="/w"))
    assert (found.stdin, found.stdin_once, found.tty, found.working_directory) == (True, True, True, "/w")


def test_root_is_found_out_at_every_start() -> None:
    with pytest.raises(Invalid, match="run as root"):
        made(container(securityContext={"runAsNonRoot": True}), user="0")


def test_another_image_is_another_container() -> None:
    member = next(view.members(pod("web", container(image="demo:2"))))
    assert is_changed(member, {containers.IMAGE: "demo:1"})
    assert not is_changed(member, {containers.IMAGE: "demo:2"})
    assert not is_changed(member, {})
