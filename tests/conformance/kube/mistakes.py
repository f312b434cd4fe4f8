"""Manifests to make mistakes in, and where they are sent."""

import copy
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]  # JSON
CONTAINER: Object = {"name": "c", "image": "x:1"}
_TEMPLATE = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [CONTAINER]}}
_SELECTED = {"selector": {"matchLabels": {"app": "w"}}, "template": _TEMPLATE}
_ONCE = {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}}
_RBAC = "rbac.authorization.k8s.io"
BACKEND = {"service": {"name": "s", "port": {"number": 80}}}


@dataclass(frozen=True)
class Kind:
    """``spec``: of the least that is right; ``title``: what a Status calls it."""

    title: str
    plural: str
    group: str
    spec: Object
    version: str = "v1"

    def path(self, namespace: str) -> str:
        root = f"/apis/{self.group}" if self.group else "/api"
        return f"{root}/{self.version}/namespaces/{namespace}/{self.plural}"

    def object(self, name: str, **spec: Any) -> Object:
        """Fields of ``spec`` in place of its own; None: without that field."""
        merged = {key: value for key, value in {**self.spec, **spec}.items() if value is not None}
        return {"metadata": {"name": name}, "spec": copy.deepcopy(merged)}


POD = Kind("Pod", "pods", "", {"containers": [CONTAINER]})
SERVICE = Kind("Service", "services", "", {"ports": [{"port": 80}]})
CLAIM = Kind(
    "PersistentVolumeClaim", "persistentvolumeclaims", "",
    {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
)  # fmt: skip
DEPLOYMENT = Kind("Deployment.apps", "deployments", "apps", _SELECTED)
REPLICASET = Kind("ReplicaSet.apps", "replicasets", "apps", _SELECTED)
DAEMONSET = Kind("DaemonSet.apps", "daemonsets", "apps", _SELECTED)
STATEFULSET = Kind("StatefulSet.apps", "statefulsets", "apps", {**_SELECTED, "serviceName": "x"})
JOB = Kind("Job.batch", "jobs", "batch", _ONCE)
CRONJOB = Kind("CronJob.batch", "cronjobs", "batch", {"schedule": "* * * * *", "jobTemplate": {"spec": _ONCE}})
SCALER = Kind(
    "HorizontalPodAutoscaler.autoscaling", "horizontalpodautoscalers", "autoscaling",
    {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}, "v2",
)  # fmt: skip
INGRESS = Kind("Ingress.networking.k8s.io", "ingresses", "networking.k8s.io", {"defaultBackend": BACKEND})
POLICY = Kind("NetworkPolicy.networking.k8s.io", "networkpolicies", "networking.k8s.io", {"podSelector": {}})
ROLE = Kind(f"Role.{_RBAC}", "roles", _RBAC, {})
BINDING = Kind(f"RoleBinding.{_RBAC}", "rolebindings", _RBAC, {})


def container(**fields: Any) -> Object:
    """The spec of a pod whose container has these."""
    return {"containers": [{**CONTAINER, **fields}]}


def mounted(mount: Object) -> Object:
    """The spec of a pod with a volume v, and a container that mounts it so."""
    return {"volumes": [{"name": "v", "emptyDir": {}}], **container(volumeMounts=[{"name": "v", **mount}])}


def http_path(**fields: Any) -> Object:
    """The spec of an Ingress with one path."""
    path = {"path": "/", "pathType": "Prefix", "backend": BACKEND, **fields}
    return {"defaultBackend": None, "rules": [{"host": "a.b", "http": {"paths": [path]}}]}
