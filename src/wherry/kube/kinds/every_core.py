"""The kinds of the core group, and the other face of its events."""

from wherry.kube.kinds import (
    binding,
    componentstatus,
    configmap,
    endpoints,
    event,
    limitrange,
    namespace,
    node,
    persistentvolume,
    persistentvolumeclaim,
    pod,
    podtemplate,
    replicationcontroller,
    resourcequota,
    secret,
    service,
    serviceaccount,
)
from wherry.kube.kinds.model import Kind


def core() -> tuple[Kind, ...]:
    """One line a kind."""
    return (
        binding.KIND,
        componentstatus.KIND,
        configmap.KIND,
        endpoints.KIND,
        event.KIND,
        event.OTHER_KIND,
        limitrange.KIND,
        namespace.KIND,
        node.KIND,
        persistentvolume.KIND,
        persistentvolumeclaim.KIND,
        pod.KIND,
        podtemplate.KIND,
        replicationcontroller.KIND,
        resourcequota.KIND,
        secret.KIND,
        service.KIND,
        serviceaccount.KIND,
    )
