"""All controllers of workloads, as one list."""

from wherry.kube.controllers.cronjob.controller import CronJobController
from wherry.kube.controllers.daemonset.controller import DaemonSetController
from wherry.kube.controllers.deployment.controller import DeploymentController
from wherry.kube.controllers.frame import Controller, Needs, Reconciler
from wherry.kube.controllers.job.controller import JobController
from wherry.kube.controllers.job.strays import StrayPods
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.controllers.replicationcontroller.controller import REPLICATION_CONTROLLER
from wherry.kube.controllers.statefulset.controller import StatefulSetController

WORKERS = 5
"""Workloads of one kind that are looked at together (kube-controller-manager's concurrent-…-syncs)."""


def workloads(needs: Needs) -> tuple[Controller, ...]:
    """To be run while ``needs.informers`` are entered, each as a task of its own. ``needs.recorder`` must run, too."""
    reconcilers: tuple[Reconciler, ...] = (
        ReplicaSetController(needs),
        ReplicaSetController(needs, REPLICATION_CONTROLLER),
        DeploymentController(needs),
        StatefulSetController(needs),
        DaemonSetController(needs),
        JobController(needs),
        StrayPods(needs),
        CronJobController(needs),
    )
    return tuple(Controller(each, needs.clock, WORKERS) for each in reconcilers)
