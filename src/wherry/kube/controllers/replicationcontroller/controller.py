"""The controller of ReplicaSets, with the older kind's selector and status."""

from wherry.kube.controllers.podcontrol.owners import Workload
from wherry.kube.controllers.replicaset.controller import Face
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.selectors import LabelSelector, of_labels

REPLICATION_CONTROLLERS = GroupVersionResource("", "v1", "replicationcontrollers")


def _selector(owner: Object) -> LabelSelector:
    """Labels. Without any it selects nothing, not everything."""
    labels = owner["spec"].get("selector")
    return of_labels(labels) if labels else LabelSelector(nothing=True)


REPLICATION_CONTROLLER = Face(
    Workload(REPLICATION_CONTROLLERS, "ReplicationController", "replication-controller"), _selector, False
)
