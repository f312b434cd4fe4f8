"""Cluster roles of users, components and nodes."""

from collections.abc import Sequence

from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.apiserver.authz.bootstrap import controllers, table
from wherry.kube.apiserver.authz.rules import to_object
from wherry.kube.apiserver.model import Rule
from wherry.kube.machinery.model import Object

LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate"
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
_AGGREGATED = {"view": "edit", "edit": "admin", "admin": ""}
"""Roles put together of others, and the one that takes each in in turn."""

TABLE = """\
cluster-admin
    *: * @*
    *: *
system:discovery
    get: /api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/
system:monitoring
    get: /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*
    get: /flagz
    get: /statusz
system:basic-user
    create: selfsubjectaccessreviews selfsubjectrulesreviews @authorization.k8s.io
    create: selfsubjectreviews @authentication.k8s.io
system:public-info-viewer
    get: /healthz /livez /readyz /version /version/
system:service-account-issuer-discovery
    get: /.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/
system:cluster-trust-bundle-discovery
    READ: clustertrustbundles @certificates.k8s.io
system:aggregate-to-admin
    create: localsubjectaccessreviews @authorization.k8s.io
    ALL: roles rolebindings @rbac.authorization.k8s.io
system:aggregate-to-edit
    READ: pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy
    impersonate: serviceaccounts
    WRITE: pods pods/attach pods/exec pods/portforward pods/proxy
    create: pods/eviction
    WRITE: configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets\
 serviceaccounts services services/proxy
    create: serviceaccounts/token
    WRITE: daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets\
 statefulsets/scale @apps
    WRITE: horizontalpodautoscalers @autoscaling
    WRITE: cronjobs jobs @batch
    WRITE: daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets\
 replicasets/scale replicationcontrollers/scale @extensions
    WRITE: poddisruptionbudgets @policy
    WRITE: ingresses networkpolicies @networking.k8s.io
    ALL: leases @coordination.k8s.io
    WRITE: resourceclaims resourceclaimtemplates @resource.k8s.io
system:aggregate-to-view
    READ: configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers\
 replicationcontrollers/scale serviceaccounts services services/status
    READ: bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status\
 resourcequotas resourcequotas/status
    READ: namespaces
    READ: endpointslices @discovery.k8s.io
    READ: controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status\
 replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status @apps
    READ: horizontalpodautoscalers horizontalpodautoscalers/status @autoscaling
    READ: cronjobs cronjobs/status jobs jobs/status @batch
    READ: daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status\
 networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale @extensions
    READ: poddisruptionbudgets poddisruptionbudgets/status @policy
    READ: ingresses ingresses/status networkpolicies @networking.k8s.io
    READ: resourceclaims resourceclaims/status resourceclaimtemplates @resource.k8s.io
system:heapster
    READ: events namespaces nodes pods
    READ: deployments @extensions
system:node
    create: tokenreviews @authentication.k8s.io
    create: localsubjectaccessreviews subjectaccessreviews @authorization.k8s.io
    READ: services
    create get list watch: nodes
    patch update: nodes/status
    patch update: nodes
    create patch update: events
    READ: pods
    create delete: pods
    patch update: pods/status
    create: pods/eviction
    READ: configmaps secrets
    get: persistentvolumeclaims persistentvolumes
    get: endpoints
    create get list watch: certificatesigningrequests @certificates.k8s.io
    create delete get patch update: leases @coordination.k8s.io
    get: volumeattachments @storage.k8s.io
    create: serviceaccounts/token
    get patch update: persistentvolumeclaims/status
    READ: csidrivers @storage.k8s.io
    create delete get patch update: csinodes @storage.k8s.io
    READ: runtimeclasses @node.k8s.io
    get: resourceclaims @resource.k8s.io
    deletecollection: resourceslices @resource.k8s.io
    READ: clustertrustbundles @certificates.k8s.io
    create get list watch: podcertificaterequests @certificates.k8s.io
    get: serviceaccounts
system:node-problem-detector
    get: nodes
    patch: nodes/status
    EVENTS
system:kubelet-api-admin
    READ: nodes
    proxy: nodes
    *: nodes/log nodes/metrics nodes/proxy nodes/stats
    *: nodes/configz nodes/healthz nodes/pods
system:node-bootstrapper
    create get list watch: certificatesigningrequests @certificates.k8s.io
system:node-proxier
    list watch: endpoints services
    READ: nodes
    EVENTS
    list watch: servicecidrs @networking.k8s.io
    list watch: endpointslices @discovery.k8s.io
system:auth-delegator
    create: tokenreviews @authentication.k8s.io
    create: subjectaccessreviews @authorization.k8s.io
system:kube-aggregator
    READ: endpoints services
system:kube-controller-manager
    EVENTS
    create: leases @coordination.k8s.io
    get update: leases @coordination.k8s.io #kube-controller-manager
    create: secrets serviceaccounts
    delete: secrets
    get: configmaps namespaces secrets serviceaccounts
    update: secrets serviceaccounts
    create: tokenreviews @authentication.k8s.io
    create: subjectaccessreviews @authorization.k8s.io
    list watch: * @*
    create: serviceaccounts/token
system:kube-dns
    list watch: endpoints services
system:kube-scheduler
    EVENTS
    create: leases @coordination.k8s.io
    get list update watch: leases @coordination.k8s.io #kube-scheduler
    ALL: leasecandidates @coordination.k8s.io
    READ: nodes
    delete get list watch: pods
    create: bindings pods/binding
    patch update: pods/status
    READ: replicationcontrollers services
    READ: replicasets @apps extensions
    READ: statefulsets @apps
    READ: poddisruptionbudgets @policy
    READ: persistentvolumeclaims persistentvolumes
    create: tokenreviews @authentication.k8s.io
    create: subjectaccessreviews @authorization.k8s.io
    READ: csinodes @storage.k8s.io
    READ: volumeattachments @storage.k8s.io
    READ: namespaces
    READ: csidrivers @storage.k8s.io
    READ: csistoragecapacities @storage.k8s.io
    READ: deviceclasses @resource.k8s.io
    get list patch update watch: resourceclaims @resource.k8s.io
    get list patch update watch: resourceclaims/status @resource.k8s.io
    get list patch update watch: pods/finalizers
    READ: resourceslices @resource.k8s.io
    READ: devicetaintrules @resource.k8s.io
system:persistent-volume-provisioner
    create delete get list watch: persistentvolumes
    get list update watch: persistentvolumeclaims
    READ: storageclasses @storage.k8s.io
    watch: events
    EVENTS
system:volume-scheduler
    get list patch update watch: persistentvolumes
    READ: storageclasses @storage.k8s.io
    get list patch update watch: persistentvolumeclaims
system:certificates.k8s.io:certificatesigningrequests:nodeclient
    create: certificatesigningrequests/nodeclient @certificates.k8s.io
system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
    create: certificatesigningrequests/selfnodeclient @certificates.k8s.io
system:certificates.k8s.io:legacy-unknown-approver
    approve: signers @certificates.k8s.io #kubernetes.io/legacy-unknown
system:certificates.k8s.io:kubelet-serving-approver
    approve: signers @certificates.k8s.io #kubernetes.io/kubelet-serving
system:certificates.k8s.io:kube-apiserver-client-approver
    approve: signers @certificates.k8s.io #kubernetes.io/kube-apiserver-client
system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
    approve: signers @certificates.k8s.io #kubernetes.io/kube-apiserver-client-kubelet
"""


def cluster_roles() -> list[Object]:
    """All of them, controllers' and aggregated ones last. The latter are filled already: they are right from the first
    moment, not from when the controller has got to them."""
    tables = {**table.rules(TABLE), **table.rules(controllers.TABLE)}
    found = [_cluster_role(name, rules) for name, rules in tables.items()]
    for name, into in _AGGREGATED.items():
        role = _aggregated(name, into)
        found.append({**role, "rules": aggregate(role, found) or []})
    return found


def metadata(name: str, namespace: str = "", labels: dict[str, str] | None = None) -> Object:
    """What all default objects carry."""
    meta: Object = {"name": name, "labels": {**LABELS, **(labels or {})}, "annotations": {AUTO_UPDATE: "true"}}
    if namespace:
        meta["namespace"] = namespace
    return meta


def document(kind: str, meta: Object, **fields: object) -> Object:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": meta, **fields}


def _cluster_role(name: str, rules: Sequence[Rule]) -> Object:
    into = name.removeprefix("system:aggregate-to-")
    labels = {_AGGREGATE + into: "true"} if into in _AGGREGATED else None
    return document("ClusterRole", metadata(name, labels=labels), rules=[to_object(each) for each in rules])


def _aggregated(name: str, into: str) -> Object:
    labels = {_AGGREGATE + into: "true"} if into else None
    selector = {"matchLabels": {_AGGREGATE + name: "true"}}
    rule = {"clusterRoleSelectors": [selector]}
    return document("ClusterRole", metadata(name, labels=labels), aggregationRule=rule, rules=[])
