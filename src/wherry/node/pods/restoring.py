"""A pod of a simulated node, as the API remembers it: what the fake runtime finds when the node is taken over. Pure."""

from collections.abc import Callable, Iterator

from wherry.kit.errors import WherryError
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse
from wherry.node.pods import view
from wherry.node.pods.composing.containers import Given, container_spec
from wherry.node.pods.composing.dns import Resolver
from wherry.node.pods.composing.environment import Sources
from wherry.node.pods.composing.sandboxes import sandbox_spec
from wherry.node.pods.fake import Found
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import Container, ContainerSpec, ImageStatus, Sandbox, State
from wherry.node.pods.status.containers import SCHEME
from wherry.node.pods.view import Member

_NOT_SAID = dict.fromkeys(("env", "envFrom", "volumeMounts", "command", "args"))
"""Of a container's spec: what a runtime that runs nothing makes nothing of."""


def found(pod: Object, options: Options, make_id: Callable[[], str]) -> Found | None:
    """None: nothing has begun of it, or nothing is left of it."""
    status = pod.get("status") or {}
    ips = tuple(each["ip"] for each in status.get("podIPs") or ())
    if view.is_finished(pod) or not (ips and status.get("startTime")):
        return None
    spec = sandbox_spec(pod, 0, options, Resolver(options.cluster_dns, options.cluster_domain))
    sandbox = Sandbox(make_id(), spec, _ns(status["startTime"]), () if spec.host_network else ips)
    return Found(sandbox, tuple(_runs(pod, sandbox, options)))


def _runs(pod: Object, sandbox: Sandbox, options: Options) -> Iterator[tuple[Container, ContainerSpec]]:
    """The newest run of each container that has had one."""
    statuses = view.container_statuses(pod)
    for member in view.members(pod):
        status = statuses.get(member.name) or {}
        state = status.get("state") or {}
        ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
        running = state.get("running")
        id = str(status.get("containerID") or "").removeprefix(SCHEME)
        if not id or not (running or ended):
            continue
        spec = _spec(pod, member, status, options)
        if spec is None:
            continue
        begun = _ns((running or ended).get("startedAt"))
        run = Container(
            id, sandbox.id, member.name, spec.attempt, State.RUNNING, spec.image, str(status.get("imageID") or ""),
            begun or sandbox.created_ns, begun, pid=1, labels=spec.labels, annotations=spec.annotations,
        )  # fmt: skip
        yield (run if running else _ended(run, ended)), spec


def _ended(run: Container, ended: Object) -> Container:
    return Container(
        run.id, run.sandbox, run.name, run.attempt, State.EXITED, run.image, run.image_reference, run.created_ns,
        run.started_ns, _ns(ended.get("finishedAt")), int(ended.get("exitCode") or 0),
        reason=str(ended.get("reason") or ""), message=str(ended.get("message") or ""), labels=run.labels,
        annotations=run.annotations,
    )  # fmt: skip


def _spec(pod: Object, member: Member, status: Object, options: Options) -> ContainerSpec | None:
    """None: it would not be made again."""
    image = ImageStatus(f"sha256:{status.get('image', '')}", str(status.get("imageID") or ""))
    given = Given(int(status.get("restartCount") or 0), image, Sources(lambda kind, name: None), {}, 0)
    plain = Member({**member.container, **_NOT_SAID}, member.role)
    try:
        return container_spec(pod, plain, given, options)
    except WherryError:
        return None


def _ns(when: str | None) -> int:
    return int(parse(when).timestamp()) * 1_000_000_000 if when else 0
