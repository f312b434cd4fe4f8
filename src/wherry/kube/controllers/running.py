"""The controllers that make a cluster run, beside those that the API itself needs (:mod:`.every`)."""

from wherry.kube.controllers.daemonset.controller import DaemonSetController
from wherry.kube.controllers.deployment.controller import DeploymentController
from wherry.kube.controllers.disruption.controller import DisruptionController
from wherry.kube.controllers.frame import Controller, Needs, Reconciler, Runnable
from wherry.kube.controllers.job.controller import JobController
from wherry.kube.controllers.nodelifecycle.controller import NodeLifecycle
from wherry.kube.controllers.podgc import PodGarbage
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.controllers.replicationcontroller.controller import REPLICATION_CONTROLLER
from wherry.kube.controllers.statefulset.controller import StatefulSetController
from wherry.kube.controllers.tainteviction.controller import TaintEviction
from wherry.kube.controllers.ttlafterfinished import TtlAfterFinished
from wherry.kube.controllers.volumebinding.controller import VolumeBinder
from wherry.kube.scheduler.scheduler import Scheduler

WORKERS = 5
"""Keys of one controller that are looked at beside each other (kube-controller-manager --concurrent-…-syncs)."""


def running(needs: Needs) -> tuple[Runnable, ...]:
    """To be run while ``needs.informers`` are entered, each as a task of its own."""
    reconcilers: tuple[Reconciler, ...] = (
        DeploymentController(needs),
        ReplicaSetController(needs),
        ReplicaSetController(needs, REPLICATION_CONTROLLER),
        StatefulSetController(needs),
        DaemonSetController(needs),
        JobController(needs),
        DisruptionController(needs),
        TtlAfterFinished(needs),
        PodGarbage(needs),
        VolumeBinder(needs),
        NodeLifecycle(needs),
        TaintEviction(needs),
    )
    return (
        Scheduler(needs.client, needs.informers, needs.recorder.by("default-scheduler"), needs.clock),
        *(Controller(each, needs.clock, WORKERS) for each in reconcilers),
    )
