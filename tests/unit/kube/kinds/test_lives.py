"""One object of every kind lives its life at a server: it is made, read in all versions, changed, listed, deleted."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.kube.apiserver.conftest import Place, key, place
from tests.unit.kube.kinds.devices.examples import claim
from tests.unit.kube.kinds.signing.examples import base64_of, certificate, request
from tests.unit.kube.kinds.workloads import job, workload
from wherry.kube.kinds.every_other import other
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupVersionResource, Object

__all__ = ["key", "place"]

POD_GROUP = {"schedulingPolicy": {"gang": {"minCount": 2}}}
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
HOOK = {
    "name": "a.example.com",
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "clientConfig": {"url": "https://example.com"},
}
MATCHING = {"resourceRules": [RULE]}
PATCH = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}
NAMES = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
VERSION = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
ASKED = {f"{name}{what}": "x" for name in ("pod", "serviceAccount", "node") for what in ("Name", "UID")}


def of(**spec: Any) -> Object:
    return {"spec": spec}


GOOD: dict[str, Object] = {
    "apiservices": of(group="a.io", version="v1", groupPriorityMinimum=1, versionPriority=1),
    "certificatesigningrequests": of(request=base64_of(request()), signerName="a.io/s", usages=["any"]),
    "clusterrolebindings": {"roleRef": ROLE, "subjects": []},
    "clusterroles": {"rules": []},
    "clustertrustbundles": of(trustBundle=certificate(authority=True).decode()),
    "controllerrevisions": {"data": {"a": 1}, "revision": 1},
    "cronjobs": of(schedule="0 0 * * *", jobTemplate={"spec": job()}),
    "csidrivers": of(),
    "csinodes": of(drivers=[]),
    "csistoragecapacities": {"storageClassName": "fast", "capacity": "1Gi"},
    "customresourcedefinitions": of(group="a.io", scope="Namespaced", names=NAMES, versions=[VERSION]),
    "daemonsets": {"spec": workload()},
    "deployments": {"spec": workload()},
    "deviceclasses": of(),
    "devicetaintrules": of(taint={"key": "a", "effect": "None"}),
    "endpointslices": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]},
    "flowschemas": of(priorityLevelConfiguration={"name": "low"}),
    "horizontalpodautoscalers": of(scaleTargetRef={"kind": "Deployment", "name": "web"}, maxReplicas=2),
    "ingressclasses": of(controller="a.io/b"),
    "ingresses": of(defaultBackend=BACKEND),
    "ipaddresses": of(parentRef={"resource": "services", "namespace": "default", "name": "web"}),
    "jobs": {"spec": job()},
    "leasecandidates": of(
        leaseName="a", strategy="OldestEmulationVersion", binaryVersion="1.0.0", emulationVersion="1.0.0"
    ),
    "leases": of(holderIdentity="me"),
    "mutatingadmissionpolicies": of(matchConstraints=MATCHING, mutations=[PATCH], reinvocationPolicy="Never"),
    "mutatingadmissionpolicybindings": of(policyName="a"),
    "mutatingwebhookconfigurations": {"webhooks": [HOOK]},
    "networkpolicies": of(podSelector={}),
    "podcertificaterequests": of(
        signerName="a.io/s", stubPKCS10Request=base64_of(request(Encoding.DER)), **ASKED
    ),
    "poddisruptionbudgets": of(minAvailable=1),
    "podgroups": {"spec": POD_GROUP},
    "priorityclasses": {"value": 5},
    "prioritylevelconfigurations": of(type="Limited", limited={"limitResponse": {"type": "Reject"}}),
    "replicasets": {"spec": workload()},
    "resourceclaims": {"spec": claim()},
    "resourceclaimtemplates": {"spec": {"spec": claim()}},
    "resourceslices": of(
        driver="a.io", pool={"name": "p", "generation": 1, "resourceSliceCount": 1}, allNodes=True,
        devices=[{"name": "d", "attributes": {"x": {"int": 1}}}],
    ),
    "rolebindings": {"roleRef": ROLE, "subjects": []},
    "roles": {"rules": []},
    "runtimeclasses": {"handler": "runc"},
    "servicecidrs": of(cidrs=["10.0.0.0/16"]),
    "statefulsets": {"spec": workload()},
    "storageclasses": {"provisioner": "a.io"},
    "storageversionmigrations": of(resource={"resource": "pods"}),
    "validatingadmissionpolicies": of(matchConstraints=MATCHING, validations=[{"expression": "true"}]),
    "validatingadmissionpolicybindings": of(policyName="a", validationActions=["Deny"]),
    "validatingwebhookconfigurations": {"webhooks": [HOOK]},
    "volumeattachments": of(attacher="a.io", nodeName="n", source={"persistentVolumeName": "pv"}),
    "volumeattributesclasses": {"driverName": "a.io", "parameters": {"a": "b"}},
    "workloads": of(podGroupTemplates=[{"name": "t", **POD_GROUP}]),
}  # fmt: skip
OWN_NAMES = {"apiservices": "v1.a.io", "customresourcedefinitions": "things.a.io", "ipaddresses": "10.0.0.9"}
STORED = [kind for kind in other() if "update" in kind.verbs]


def test_there_is_one_of_every_kind() -> None:
    assert GOOD.keys() == {kind.plural for kind in STORED}


@pytest.mark.parametrize("kind", STORED, ids=[kind.plural for kind in STORED])
async def test_a_life(kind: Kind, place: Place) -> None:
    name, namespace = OWN_NAMES.get(kind.plural, "a"), "default" if kind.namespaced else ""
    good: Object = {"metadata": {"name": name}, **GOOD[kind.plural]}
    for version in kind.versions:
        resource = GroupVersionResource(kind.group, kind.storage, kind.plural)
        made = await place.client.create(resource, good, namespace)
        shown = GroupVersionResource(kind.group, version.name, kind.plural)
        got = await place.client.get(shown, name, namespace)
        assert got["apiVersion"] == f"{kind.group}/{version.name}"
        got["metadata"]["labels"] = {"a": "b"}
        changed = await place.client.update(shown, got, namespace)
        again = await place.client.get(resource, name, namespace)
        differing = {field for field in made if again.get(field) != made[field]}
        assert differing <= {"metadata", "status"}
        assert changed["metadata"]["labels"] == {"a": "b"}
        (listed,) = (await place.client.list(shown, namespace, labels="a=b")).items
        assert listed["metadata"]["name"] == name
        await place.client.delete(shown, name, namespace)
        async with asyncio.timeout(60):
            while (await place.client.list(shown, namespace, labels="a=b")).items:
                remaining = await place.client.get(shown, name, namespace)
                remaining["metadata"]["finalizers"] = []
                await place.client.update(shown, remaining, namespace)
