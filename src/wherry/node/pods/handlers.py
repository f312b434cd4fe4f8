"""By what a pod is to be run (pkg/kubelet/runtimeclass): its runtime class names a handler, which a node has or not."""

from collections.abc import Sequence

from wherry.kit.errors import Invalid
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

RUNTIME_CLASSES = GroupVersionResource("node.k8s.io", "v1", "runtimeclasses")


async def check(client: Client, pod: Object, handlers: Sequence[str] | None) -> None:
    """Raises Invalid where the node cannot run it so. To run it otherwise would be to isolate it less than its user
    relies upon. ``handlers`` None: anything is run."""
    name = pod["spec"].get("runtimeClassName")
    if not name or handlers is None:
        return
    try:
        found = await client.get(RUNTIME_CLASSES, name)
    except StatusError as error:
        if error.code != 404:
            raise
        raise Invalid(f'failed to get sandbox runtime: RuntimeClass "{name}" not found') from error
    handler = found.get("handler") or ""
    if handler not in handlers:
        raise Invalid(f'failed to get sandbox runtime: no runtime for "{handler}" is configured')
