"""The controllers that make a cluster run, beside those that the API itself needs (:mod:`.every`)."""

from wherry.kube.client.model import Client
from wherry.kube.controllers.autoscaling.controller import Autoscaling
from wherry.kube.controllers.disruption.controller import DisruptionController
from wherry.kube.controllers.ephemeralvolumes import EphemeralVolumes
from wherry.kube.controllers.frame import Controller, Needs, Reconciler, Runnable
from wherry.kube.controllers.loadbalancer import LoadBalancers
from wherry.kube.controllers.nodelifecycle.controller import NodeLifecycle
from wherry.kube.controllers.podgc import PodGarbage
from wherry.kube.controllers.servicecidrs import ServiceCidrs
from wherry.kube.controllers.tainteviction.controller import TaintEviction
from wherry.kube.controllers.ttlafterfinished import TtlAfterFinished
from wherry.kube.controllers.volumebinding.controller import VolumeBinder
from wherry.kube.controllers.volumebinding.expansion import VolumeExpansion
from wherry.kube.controllers.workloads import workloads
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.scheduler import USUAL, Scheduler


def running(needs: Needs, scheduler: Client, scheduling: Options = USUAL) -> tuple[Runnable, ...]:
    """To be run while ``needs.informers`` are entered, each as a task of its own. ``scheduler``: the scheduler's."""
    reconcilers: tuple[Reconciler, ...] = (
        DisruptionController(needs),
        TtlAfterFinished(needs),
        PodGarbage(needs),
        EphemeralVolumes(needs),
        ServiceCidrs(needs),
        NodeLifecycle(needs),
        TaintEviction(needs),
        LoadBalancers(needs),
        Autoscaling(needs),
    )
    return (
        Scheduler(scheduler, needs.informers, needs.recorder.by("default-scheduler"), needs.clock, scheduling),
        *workloads(needs),
        Controller(VolumeBinder(needs), needs.clock, 1),  # one at a time: two must not choose the same volume
        Controller(VolumeExpansion(needs), needs.clock, 1),
        *(Controller(each, needs.clock) for each in reconcilers),
    )
