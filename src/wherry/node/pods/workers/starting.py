"""Starting a container: image, configuration, creation, start, postStart (kuberuntime_container.go, startContainer)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from wherry.kit.errors import Invalid, NotFound, WherryError
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing import environment, services
from wherry.node.pods.composing.containers import Given, container_spec
from wherry.node.pods.composing.fields import Surroundings
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.images import secrets
from wherry.node.pods.images.credentials import credentials
from wherry.node.pods.life.ending import LEAST_SECONDS
from wherry.node.pods.life.model import StartContainer
from wherry.node.pods.probes.model import Target
from wherry.node.pods.references import Reference
from wherry.node.pods.runtime import ContainerSpec, Credentials, ImageStatus, Sandbox, State
from wherry.node.pods.view import Member
from wherry.node.pods.voice import Voice
from wherry.node.pods.volumes import envfiles, payloads
from wherry.node.pods.workers import hooks
from wherry.node.pods.workers.failures import SOON_SECONDS, NotStarted
from wherry.node.pods.workers.tools import Tools
from wherry.oci.reference import Reference as ImageReference


@dataclass(frozen=True, slots=True)
class Site:
    """Where a container is to run."""

    pod: Object
    sandbox: Sandbox
    volumes: Mapping[str, Ready]
    voice: Voice


def references(pod: Object) -> set[Reference]:
    """All objects that the pod needs to run."""
    namespace = pod["metadata"]["namespace"]
    found = payloads.references(pod) | secrets.references(pod)
    for member in view.members(pod):
        found |= {Reference(kind, namespace, name) for kind, name in environment.references(member.container)}
    return found


def ips(tools: Tools, pod: Object, sandbox: Sandbox | None) -> Sequence[str]:
    """The pod's addresses."""
    if sandbox is None:
        return ()
    return tools.host_ips() if view.host_network(pod) else sandbox.ips


def around(tools: Tools, pod: Object, sandbox: Sandbox | None) -> Surroundings:
    return Surroundings(ips(tools, pod, sandbox), tools.host_ips(), tools.allocatable())


async def start(tools: Tools, site: Site, member: Member, action: StartContainer) -> None:
    """Raises NotStarted and NoImage; what was made meanwhile is in the runtime."""
    image = await _image(tools, site, member)
    try:
        spec = _spec(tools, site, member, action, image)
    except (NotFound, Invalid) as error:
        raise _said(site, member, "CreateContainerConfigError", error.message) from error
    await _clear(tools, site, member)
    try:
        container = await tools.runtime.create_container(site.sandbox.id, spec)
    except (WherryError, OSError) as error:
        raise _said(site, member, "CreateContainerError", str(error)) from error
    site.voice.say("Created", "Container created", member)
    try:
        await tools.runtime.start_container(container)
    except (WherryError, OSError) as error:
        raise _said(site, member, "RunContainerError", str(error), SOON_SECONDS) from error
    site.voice.say("Started", "Container started", member)
    hook = (member.container.get("lifecycle") or {}).get("postStart")
    if hook:
        await _greet(tools, site, member, container, hook)


def _said(site: Site, member: Member, reason: str, message: str, seconds: float | None = None) -> NotStarted:
    site.voice.warn("Failed", f"Error: {message}", member)
    return NotStarted(reason, message) if seconds is None else NotStarted(reason, message, seconds)


async def _image(tools: Tools, site: Site, member: Member) -> ImageStatus:
    name, policy = member.container.get("image") or "", member.container.get("imagePullPolicy") or "IfNotPresent"
    found = pull_credentials(tools, site.pod, site.voice, name)
    return await tools.pulls.ensure(site.voice, name, policy, found, member)


def pull_credentials(tools: Tools, pod: Object, voice: Voice, image: str) -> tuple[Credentials, ...]:
    if not pod["spec"].get("imagePullSecrets"):
        return ()
    try:
        reference = ImageReference.parse(image)
    except Invalid:
        return ()  # it is said where it is pulled
    return credentials(secrets.found(pod, tools.references, voice), reference)


def _spec(tools: Tools, site: Site, member: Member, action: StartContainer, image: ImageStatus) -> ContainerSpec:
    pod, namespace = site.pod, site.pod["metadata"]["namespace"]
    links = pod["spec"].get("enableServiceLinks") is not False

    def find(kind: str, name: str) -> Object | None:
        return tools.references.find(Reference(kind, namespace, name))

    given = Given(
        attempt=action.attempt,
        image=image,
        sources=environment.Sources(
            find,
            around(tools, pod, site.sandbox),
            services.variables(tools.services(), namespace, links),
            partial(envfiles.read, site.volumes),
        ),
        volumes=site.volumes,
        memory_bytes=tools.memory_bytes(),
        backoff_seconds=action.backoff_seconds,
        message_path=_message_path(tools, pod, member, action),
        target=_target(tools, site, member.container.get("targetContainerName") or ""),
    )
    return container_spec(pod, member, given, tools.options)


def _target(tools: Tools, site: Site, name: str) -> str:
    """The run of an ephemeral container's target (getTargetID). Raises Invalid."""
    if not name:
        return ""
    runs = [each for each in tools.runtime.containers(site.sandbox.id) if each.name == name]
    if not runs:
        raise Invalid(f"unable to find target container {name}")
    return max(runs, key=lambda each: each.attempt).id


def _message_path(tools: Tools, pod: Object, member: Member, action: StartContainer) -> str:
    if not member.container.get("terminationMessagePath"):
        return ""
    return tools.volumes.message_file(view.uid(pod), member.name, action.attempt)


async def _clear(tools: Tools, site: Site, member: Member) -> None:
    """What an earlier attempt has made and not started."""
    for each in tools.runtime.containers(site.sandbox.id):
        if each.name == member.name and each.state is State.CREATED:
            await tools.runtime.remove_container(each.id)


async def _greet(tools: Tools, site: Site, member: Member, container: str, hook: Object) -> None:
    """postStart. A container whose hook fails is ended."""
    target = Target(container, member.container, next(iter(ips(tools, site.pod, site.sandbox)), ""))
    try:
        await hooks.run(tools.runtime, tools.clock, hook, target, None)
    except hooks.HookFailed as error:
        site.voice.warn("FailedPostStartHook", "PostStartHook failed", member)
        site.voice.say("Killing", "FailedPostStartHook", member)
        grace = max(float(view.grace_seconds(site.pod)), LEAST_SECONDS)
        await tools.runtime.stop_container(container, grace)
        raise _said(site, member, "PostStartHookError", error.message, SOON_SECONDS) from error
