"""What is asked of the whole cluster for one decision: the contract of filters that do not look at one node alone."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from wherry.kube.scheduler.cluster import Cluster
from wherry.kube.scheduler.fitting import Fitting
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.refusals import Refusal


class Asking(msgspec.Struct, frozen=True):
    """Who wants a node, and what is known."""

    pod: Pod
    profile: Profile
    cluster: Cluster
    fitting: Fitting


class Supposed(Protocol):
    """One node, as if other pods were there."""

    def change(self, pod: Pod, by: int) -> None:
        """Suppose that this pod were there, too (1), or were not (-1)."""

    def refusal(self) -> Refusal | None:
        """What is in the way, as supposed."""


class Filter(Protocol):
    """Prepared for one decision, of the cluster as it is at that moment."""

    def keep(self, slots: Sequence[int]) -> Sequence[int]:
        """Those where the pod fits."""

    def refusal(self, slot: int) -> Refusal | None:
        """Why it does not fit there; None: it does."""

    def suppose(self, node: Node) -> Supposed:
        """``node`` is a copy, on which the same changes are made."""
