"""Pods that the runtime has and nobody else: made into objects, so that they can end as others do. Pure."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.containers import IMAGE, ROLE
from wherry.node.pods.composing.sandboxes import GRACE, SOURCE
from wherry.node.pods.runtime import Container, Sandbox
from wherry.node.pods.view import SOURCE as POD_SOURCE
from wherry.node.pods.view import USUAL_GRACE_SECONDS, Role

_LISTS = {Role.INIT: "initContainers", Role.SIDECAR: "initContainers", Role.EPHEMERAL: "ephemeralContainers"}


def pod_of(sandboxes: Iterable[Sandbox], containers: Iterable[Container]) -> Object:
    """As much of it as is needed to end it. All are of one pod."""
    newest = max(sandboxes, key=lambda each: each.spec.attempt)
    spec: Object = {"containers": [], "initContainers": [], "ephemeralContainers": []}
    spec["terminationGracePeriodSeconds"] = _grace(newest)
    spec["hostNetwork"] = newest.spec.host_network
    names: set[str] = set()
    for run in sorted(containers, key=lambda each: each.created_ns):
        if run.name in names:
            continue
        names.add(run.name)
        role = _role(run)
        container = {"name": run.name, "image": run.annotations.get(IMAGE, "")}
        if role is Role.SIDECAR:
            container["restartPolicy"] = "Always"
        spec[_LISTS.get(role, "containers")].append(container)
    meta: Object = {"name": newest.spec.name, "namespace": newest.spec.namespace, "uid": newest.spec.uid}
    if newest.spec.annotations.get(SOURCE, "api") != "api":
        meta["annotations"] = {POD_SOURCE: newest.spec.annotations[SOURCE]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {}}


def _role(run: Container) -> Role:
    try:
        return Role[run.annotations.get(ROLE, "")]
    except KeyError:
        return Role.REGULAR


def _grace(sandbox: Sandbox) -> int:
    text = sandbox.spec.annotations.get(GRACE, "")
    return int(text) if text.isdecimal() else USUAL_GRACE_SECONDS
