"""A container as the runtime is asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from wherry.kube.machinery.model import Object
from wherry.node.pods.composing import resources, sandboxes
from wherry.node.pods.composing.environment import Sources, environment
from wherry.node.pods.composing.expansion import expand
from wherry.node.pods.composing.mounts import Ready, mounts
from wherry.node.pods.composing.security import check_user, known_user, security
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ContainerSpec, ImageStatus, Mount
from wherry.node.pods.view import Member, Role

NAME = "io.kubernetes.container.name"
BACKOFF = "wherry.dev/backoff-seconds"
"""For how long the next start would have to wait, when it was the end of this one that made it wait."""
IMAGE = "wherry.dev/image"
"""As the pod has it: when that changes the container is another."""
MESSAGE_PATH = "wherry.dev/termination-message"
"""The file on the host that the container leaves its last words in."""
MESSAGE_POLICY = "wherry.dev/termination-message-policy"
ROLE = "wherry.dev/role"
RESOURCES = "wherry.dev/resources"
"""What it was given when it was made, as JSON."""
USER = "wherry.dev/user"
"""As whom it runs, as JSON, where that is known."""
FAKE = "fake.wherry.dev/"
"""Annotations of a pod that say how a simulated runtime is to run it begin so."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a container is made of besides the pod. ``message_path`` empty: there is no file for its last words."""

    attempt: int
    image: ImageStatus
    sources: Sources
    volumes: Mapping[str, Ready]
    memory_bytes: int
    backoff_seconds: float = 0.0
    message_path: str = ""
    target: str = ""
    """The container whose processes it is to see."""


def container_spec(pod: Object, member: Member, given: Given, options: Options) -> ContainerSpec:
    """Raises NotFound and Invalid: it cannot be made as it is written."""
    container = member.container
    check_user(pod, container, given.image.user)
    variables = environment(pod, container, given.sources)
    found = mounts(container, given.volumes, variables)
    if given.message_path:
        found += (Mount(destination=container["terminationMessagePath"], source=given.message_path),)
    return ContainerSpec(
        name=member.name,
        image=given.image.id,
        attempt=given.attempt,
        labels={**sandboxes.labels(pod), NAME: member.name},
        annotations=_annotations(pod, member, given),
        command=_expanded(container.get("command"), variables),
        args=_expanded(container.get("args"), variables),
        env=tuple(variables.items()),
        working_directory=container.get("workingDir") or "",
        mounts=found,
        security=security(pod, container, options.seccomp_directory),
        limits=resources.container_limits(pod, container, given.memory_bytes),
        stdin=bool(container.get("stdin")),
        stdin_once=bool(container.get("stdinOnce")),
        tty=bool(container.get("tty")),
        target=given.target,
    )


def _annotations(pod: Object, member: Member, given: Given) -> dict[str, str]:
    container = member.container
    whole: Mapping[str, str] = pod["metadata"].get("annotations") or {}
    found = {
        IMAGE: container.get("image") or "",
        ROLE: member.role.name,
        MESSAGE_POLICY: container.get("terminationMessagePolicy") or "File",
        RESOURCES: msgspec.json.encode(container.get("resources") or {}).decode(),
    }
    found |= {name: value for name, value in whole.items() if name.startswith(FAKE)}
    user = known_user(pod, container, given.image.user)
    if user is not None:
        found[USER] = msgspec.json.encode(user).decode()
    if given.message_path:
        found[MESSAGE_PATH] = given.message_path
    if given.backoff_seconds:
        found[BACKOFF] = f"{given.backoff_seconds:g}"
    return found


def _expanded(words: list[str] | None, variables: Mapping[str, str]) -> tuple[str, ...] | None:
    return tuple(expand(word, variables) for word in words) if words else None


def is_changed(member: Member, annotations: Mapping[str, str]) -> bool:
    """Whether the pod says by now that it is another container. Of a running pod that can be its image alone."""
    made_of = annotations.get(IMAGE)
    return member.role is not Role.EPHEMERAL and made_of is not None and made_of != member.container.get("image")
