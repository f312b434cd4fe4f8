"""What people get wrong most, and what they are told: upstream's words, field by field.

Sources: k8s.io/kubernetes pkg/apis/{core,apps,batch,autoscaling,networking,rbac}/validation and
k8s.io/apimachinery pkg/util/validation. Values that are objects are shown as JSON.
"""

import json
from typing import Any

import pytest

from tests.conformance.kube.mistakes import (
    BACKEND,
    BINDING,
    CLAIM,
    CONTAINER,
    CRONJOB,
    DEPLOYMENT,
    INGRESS,
    JOB,
    POD,
    POLICY,
    ROLE,
    SCALER,
    SERVICE,
    STATEFULSET,
    Kind,
    container,
    http_path,
    mounted,
)
from tests.conformance.kube.web import Web

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
DNS1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
NOT_NEGATIVE = "Invalid value: -1: must be greater than or equal to 0"
PORTS = "must be between 1 and 65535, inclusive"
C = "spec.containers[0]"
PROBE = f"{C}.livenessProbe"
MISMATCH = 'spec.template.metadata.labels: Invalid value: {"app":"w"}: `selector` does not match template `labels`'
SOURCES = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"


def _scheduled(**affinity: Any) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": affinity}}}


TERMS = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
POD_MISTAKES: list[tuple[dict[str, Any], list[str]]] = [
    ({"containers": []}, ["spec.containers: Required value"]),
    (container(name="Bad_Name"), [f'{C}.name: Invalid value: "Bad_Name": {LABEL}']),
    ({"containers": [CONTAINER, CONTAINER]}, ['spec.containers[1].name: Duplicate value: "c"']),
    ({"initContainers": [CONTAINER]}, ['spec.initContainers[0].name: Duplicate value: "c"']),
    (container(image=""), [f"{C}.image: Required value"]),
    (container(image=" x"), [f'{C}.image: Invalid value: " x": must not have leading or trailing whitespace']),
    (container(imagePullPolicy="Sometimes"),
     [f'{C}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"']),
    ({"restartPolicy": "Sometimes"},
     ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"']),
    (container(ports=[{"containerPort": 0}]), [f"{C}.ports[0].containerPort: Required value"]),
    (container(ports=[{"containerPort": 70000}]), [f"{C}.ports[0].containerPort: Invalid value: 70000: {PORTS}"]),
    (container(ports=[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]),
     [f'{C}.ports[1].name: Duplicate value: "a"']),
    (container(ports=[{"containerPort": 80, "name": "averyveryverylongname"}]),
     [f'{C}.ports[0].name: Invalid value: "averyveryverylongname": must be no more than 15 bytes']),
    (container(ports=[{"containerPort": 80, "protocol": "HTTP"}]),
     [f'{C}.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"']),
    (container(ports=[{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]),
     [f'{C}.ports[1].hostPort: Duplicate value: "TCP//80"']),
    ({"hostNetwork": True, **container(ports=[{"containerPort": 80, "hostPort": 81}])},
     [f"{C}.ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"]),
    (container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
     [f'{C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1']),
    (container(resources={"requests": {"cpu": "-1"}}),
     [f'{C}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    (container(resources={"requests": {"gpu": "1"}}),
     [f'{C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      f'{C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers']),
    (container(resources={"requests": {"nvidia.com/gpu": "1"}}),
     [f"{C}.resources.limits: Required value: Limit must be set for non overcommitable resources"]),
    (container(env=[{"value": "x"}]), [f"{C}.env[0].name: Required value"]),
    (container(env=[{"name": "A=B"}]),
     [f'{C}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII '
      "characters other than '='"]),
    (container(env=[{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
     [f'{C}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty']),
    (container(env=[{"name": "A", "valueFrom": {}}]),
     [f'{C}.env[0].valueFrom: Invalid value: "": must specify one of: {SOURCES}']),
    (container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.foo"}}}]),
     [f'{C}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label '
      "not supported: spec.foo"]),
    (container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "x"}}}]),
     [f"{C}.env[0].valueFrom.secretKeyRef.key: Required value"]),
    (container(envFrom=[{}]), [f'{C}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
    (container(volumeMounts=[{"name": "v", "mountPath": "/x"}]), [f'{C}.volumeMounts[0].name: Not found: "v"']),
    (mounted({"mountPath": ""}), [f"{C}.volumeMounts[0].mountPath: Required value"]),
    (mounted({"mountPath": "/x", "subPath": "../x"}),
     [f"{C}.volumeMounts.subPath: Invalid value: \"../x\": must not contain '..'"]),
    ({"volumes": [{"name": "v", "emptyDir": {}}] * 2}, ['spec.volumes[1].name: Duplicate value: "v"']),
    ({"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/x"}}]},
     ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"]),
    ({"volumes": [{"name": "v", "hostPath": {"path": "/a/../b"}}]},
     ["spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]),
    ({"volumes": [{"name": "v", "configMap": {"name": "x", "defaultMode": 1000}}]},
     ["spec.volumes[0].configMap.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both "
      "inclusive"]),
    ({"volumes": [{"name": "v", "secret": {}}]}, ["spec.volumes[0].secret.secretName: Required value"]),
    (container(livenessProbe={}), [f"{PROBE}: Required value: must specify a handler type"]),
    (container(livenessProbe={"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}),
     [f"{PROBE}.tcpSocket: Forbidden: may not specify more than 1 handler type"]),
    (container(livenessProbe={"httpGet": {"port": 0}}), [f"{PROBE}.httpGet.port: Invalid value: 0: {PORTS}"]),
    (container(livenessProbe={"httpGet": {"port": 80}, "successThreshold": 2}),
     [f"{PROBE}.successThreshold: Invalid value: 2: must be 1"]),
    (container(livenessProbe={"exec": {}, "periodSeconds": -1}),
     [f"{PROBE}.exec.command: Required value", f"{PROBE}.periodSeconds: {NOT_NEGATIVE}"]),
    (container(lifecycle={"preStop": {}}),
     [f"{C}.lifecycle.preStop: Required value: must specify a handler type"]),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
     ["spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"]),
    ({"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 3}]},
     ["spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` "
      "is set"]),
    (_scheduled(nodeSelectorTerms=[]), [f"{TERMS}: Required value: must have at least one node selector term"]),
    (_scheduled(nodeSelectorTerms=[{"matchExpressions": [{"key": "a", "operator": "In"}]}]),
     [f"{TERMS}[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    ({"dnsPolicy": "None"}, ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
    ({"activeDeadlineSeconds": 0},
     ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"]),
    ({"ephemeralContainers": [{**CONTAINER, "name": "e"}]},
     ["spec.ephemeralContainers: Forbidden: cannot be set on create"]),
    (container(securityContext={"privileged": True, "allowPrivilegeEscalation": False}),
     [f'{C}.securityContext: Invalid value: {{"privileged":true,"allowPrivilegeEscalation":false}}: cannot set '
      "`allowPrivilegeEscalation` to false and `privileged` to true"]),
    (container(securityContext={"seccompProfile": {"type": "Localhost"}}),
     [f"{C}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is "
      "Localhost"]),
]  # fmt: skip
OTHER_MISTAKES: list[tuple[Kind, dict[str, Any], list[str]]] = [
    (DEPLOYMENT, {"replicas": -1}, [f"spec.replicas: {NOT_NEGATIVE}"]),
    (DEPLOYMENT, {"selector": {"matchLabels": {"app": "x"}}}, [MISMATCH]),
    (DEPLOYMENT, {"selector": None}, ["spec.selector: Required value", MISMATCH]),
    (DEPLOYMENT, {"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    (DEPLOYMENT, {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
     ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    (DEPLOYMENT, {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
     ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    (DEPLOYMENT, {"progressDeadlineSeconds": 5, "minReadySeconds": 5},
     ["spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"]),
    (DEPLOYMENT, {"template": {"metadata": {"labels": {"app": "w"}},
                               "spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}},
     ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
    (STATEFULSET, {"podManagementPolicy": "X"},
     ["spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'"]),
    (STATEFULSET, {"serviceName": "A_b"}, [f'spec.serviceName: Invalid value: "A_b": {LABEL}']),
    (SERVICE, {"ports": []}, ["spec.ports: Required value"]),
    (SERVICE, {"ports": [{"port": 80}, {"port": 81}]},
     ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"]),
    (SERVICE, {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]},
     ['spec.ports[1].name: Duplicate value: "a"']),
    (SERVICE, {"ports": [{"port": 80, "nodePort": 31000}]},
     ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]),
    (SERVICE, {"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]},
     ["spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports "
      "is 30000-32767"]),
    (SERVICE, {"type": "Foo"},
     ['spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", '
      '"NodePort"']),
    (SERVICE, {"type": "ExternalName"}, ["spec.externalName: Required value"]),
    (SERVICE, {"clusterIP": "1.2.3.4"},
     ['spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not '
      "in the valid range. The range of valid IPs is 10.96.0.0/12"]),
    (SERVICE, {"clusterIP": "None", "type": "NodePort"},
     ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"]),
    (SERVICE, {"externalTrafficPolicy": "Local"},
     ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services']),
    (JOB, {"template": {"spec": {"containers": [CONTAINER]}}},
     ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    (JOB, {"parallelism": -1, "backoffLimit": -1},
     [f"spec.parallelism: {NOT_NEGATIVE}", f"spec.backoffLimit: {NOT_NEGATIVE}"]),
    (JOB, {"backoffLimitPerIndex": 1},
     ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]),
    (CRONJOB, {"schedule": "x"}, ['spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]']),
    (CRONJOB, {"schedule": "TZ=UTC * * * * *"},
     ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field '
      "instead"]),
    (CRONJOB, {"timeZone": "Foo/Bar"}, ['spec.timeZone: Invalid value: "Foo/Bar": unknown time zone Foo/Bar']),
    (SCALER, {"maxReplicas": 0},
     ["spec.maxReplicas: Invalid value: 0: must be greater than 0",
      "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]),
    (SCALER, {"metrics": [{"type": "Resource"}]},
     ["spec.metrics[0].resource: Required value: must populate information for the given metric source"]),
    (CLAIM, {"accessModes": []}, ["spec.accessModes: Required value: at least 1 access mode is required"]),
    (CLAIM, {"accessModes": ["Foo"]},
     ['spec.accessModes: Unsupported value: "Foo": supported values: "ReadOnlyMany", "ReadWriteMany", '
      '"ReadWriteOnce", "ReadWriteOncePod"']),
    (CLAIM, {"resources": {}}, ["spec.resources[storage]: Required value"]),
    (INGRESS, {"defaultBackend": None},
     ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
    (INGRESS, http_path(path="x"),
     ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path']),
    (INGRESS, http_path(pathType=None),
     ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]),
    (INGRESS, http_path(backend={"service": {"name": "s"}}),
     ["spec.rules[0].http.paths[0].backend: Required value: port name or number is required"]),
    (INGRESS, {"rules": [{"host": "1.2.3.4"}]},
     ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address']),
    (INGRESS, {"defaultBackend": BACKEND, "tls": [{"hosts": ["a_b"]}]},
     [f'spec.tls[0].hosts[0]: Invalid value: "a_b": {SUBDOMAIN}']),
    (POLICY, {"policyTypes": ["X"]},
     ['spec.policyTypes[0]: Unsupported value: "X": supported values: "Ingress", "Egress"']),
    (POLICY, {"ingress": [{"from": [{}]}]}, ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
    (POLICY, {"ingress": [{"from": [{"ipBlock": {"cidr": "1.2.3.0/24", "except": ["1.3.0.0/16"]}}]}]},
     ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "1.3.0.0/16": must be a strict subset of `cidr`']),
]  # fmt: skip


def told(errors: list[str], title: str, name: str) -> str:
    """The message of a Status with these."""
    body = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    return f'{title} "{name}" is invalid: {body}'


def _case(kind: Kind, spec: dict[str, Any], errors: list[str]) -> Any:
    return pytest.param(kind, spec, errors, id=f"{kind.plural}:{json.dumps(spec)[:80]}")


@pytest.mark.parametrize(
    ("kind", "spec", "errors"),
    [*(_case(POD, *each) for each in POD_MISTAKES), *(_case(*each) for each in OTHER_MISTAKES)],
)
def test_a_mistake_is_told_in_upstream_s_words(
    web: Web, namespace: str, kind: Kind, spec: dict[str, Any], errors: list[str]
) -> None:
    refused = web.post(f"{kind.path(namespace)}?dryRun=All", kind.object("mine", **spec)).refused(422, "Invalid")
    assert refused["message"] == told(errors, kind.title, "mine")
    assert [f"{each['field']}: {each['message']}" for each in refused["details"]["causes"]] == errors
    right = web.post(f"{kind.path(namespace)}?dryRun=All", kind.object("mine"))
    assert right.code == 201, right.text


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (POD, "My_Pod", SUBDOMAIN),
        (SERVICE, "1web", DNS1035),
        (STATEFULSET, "a" * 64, "must be no more than 63 bytes"),
        (CRONJOB, "a" * 53, "must be no more than 52 characters"),
        (ROLE, "a/b", "may not contain '/'"),
    ],
)
def test_names(web: Web, namespace: str, kind: Kind, name: str, words: str) -> None:
    refused = web.post(kind.path(namespace), kind.object(name)).refused(422, "Invalid")
    assert f'metadata.name: Invalid value: "{name}": {words}' in refused["message"]


def test_rules_of_roles_and_their_bindings(web: Web, namespace: str) -> None:
    group = "rbac.authorization.k8s.io"
    role: dict[str, Any] = {"metadata": {"name": "r"}, "rules": [{"verbs": ["get"], "resources": ["pods"]}]}
    assert web.post(ROLE.path(namespace), role).refused(422, "Invalid")["message"] == told(
        ["rules[0].apiGroups: Required value: resource rules must supply at least one api group"], ROLE.title, "r"
    )
    binding = {"metadata": {"name": "b"}, "roleRef": {"apiGroup": group, "kind": "Foo", "name": ""}}
    kinds = 'roleRef.kind: Unsupported value: "Foo": supported values: "ClusterRole", "Role"'
    assert web.post(BINDING.path(namespace), binding).refused(422, "Invalid")["message"] == told(
        [kinds, "roleRef.name: Required value"], BINDING.title, "b"
    )


def test_a_quantity_that_is_none_is_no_pod_at_all(web: Web, namespace: str) -> None:
    spec = container(resources={"limits": {"cpu": "1x"}})
    refused = web.post(POD.path(namespace), POD.object("mine", **spec)).refused(400, "BadRequest")
    assert refused["message"] == (
        'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression '
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )
