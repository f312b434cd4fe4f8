"""What happens in a cluster, as far as it may help a pod that was refused."""

from enum import Enum

import msgspec

from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.nodes import Node


class Change(Enum):
    NODE_NEW = "a node came"
    NODE_GONE = "a node went"
    NODE_LABELS = "a node's labels changed"
    NODE_TAINTS = "a node's taints changed, or whether it is cordoned"
    NODE_ROOM = "a node has other amounts to give"
    POD_CAME = "a pod is on a node now, or has other labels there"
    POD_WENT = "a pod is no longer on its node, or needs less there"
    CLAIM = "a volume claim came or changed"
    VOLUME = "a volume came or changed"
    STORAGE_CLASS = "a storage class came or changed"
    LIMITS = "a node can have other numbers of volumes"
    NAMESPACE = "a namespace's labels changed"


class Happening(msgspec.Struct, frozen=True):
    """``node``, ``pod``: which, as it is now (one that is gone: as it was). ``claim``: namespace and name."""

    change: Change
    node: Node | None = None
    pod: Pod | None = None
    claim: tuple[str, str] | None = None
