"""What may not be changed any more, and what is said of it (the sources of ``test_mistakes.py``)."""

import json
from typing import Any

import pytest

from tests.conformance.kube.mistakes import (
    CLAIM,
    CONTAINER,
    DAEMONSET,
    DEPLOYMENT,
    JOB,
    POD,
    REPLICASET,
    SERVICE,
    STATEFULSET,
    Kind,
)
from tests.conformance.kube.web import MERGE, Web

OTHER = {"matchLabels": {"app": "x"}}
RELABELLED = {"selector": OTHER, "template": {"metadata": {"labels": {"app": "x"}}}}
IMMUTABLE = 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'
STATEFUL = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
    "forbidden"
)
PODS = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
    "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
CLAIMS = (
    "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for "
    "bound claims\n"
)
UPDATES: list[tuple[Kind, dict[str, Any], dict[str, Any], str]] = [
    (DEPLOYMENT, {}, RELABELLED, IMMUTABLE),
    (REPLICASET, {}, RELABELLED, IMMUTABLE),
    (DAEMONSET, {}, RELABELLED, IMMUTABLE),
    (STATEFULSET, {}, RELABELLED, STATEFUL),
    (STATEFULSET, {}, {"serviceName": "y"}, STATEFUL),
    (STATEFULSET, {}, {"podManagementPolicy": "Parallel"}, STATEFUL),
    (STATEFULSET, {}, {"volumeClaimTemplates": [CLAIM.object("v")]}, STATEFUL),
    (POD, {}, {"restartPolicy": "Never"}, PODS),
    (POD, {}, {"nodeSelector": {"a": "b"}}, PODS),
    (POD, {}, {"nodeName": "x"}, PODS),
    (POD, {}, {"containers": [{**CONTAINER, "command": ["x"]}]}, PODS),
    (POD, {}, {"containers": [CONTAINER, {**CONTAINER, "name": "d"}]},
     "spec.containers: Forbidden: pod updates may not add or remove containers"),
    (POD, {"activeDeadlineSeconds": 5}, {"activeDeadlineSeconds": 6},
     "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"),
    (POD, {}, {"schedulingGates": [{"name": "a"}]},
     "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"),
    (SERVICE, {}, {"clusterIP": "None"}, 'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'),
    (SERVICE, {}, {"type": "ExternalName"}, "spec.externalName: Required value"),
    (JOB, {}, {"completions": 3}, "spec.completions: Invalid value: 3: field is immutable"),
    (JOB, {}, {"template": {"spec": {"containers": [{**CONTAINER, "image": "y"}]}}}, ": field is immutable"),
    (CLAIM, {}, {"accessModes": ["ReadWriteMany"]}, CLAIMS),
    (CLAIM, {}, {"resources": {"requests": {"storage": "2Gi"}}}, CLAIMS),
    (CLAIM, {"storageClassName": "x"}, {"storageClassName": "y"}, CLAIMS),
]  # fmt: skip


@pytest.fixture(scope="module")
def place(web: Web) -> str:
    """A namespace for all of them."""
    web.post("/api/v1/namespaces", {"metadata": {"name": "mistaken"}}).ok()
    web.post("/api/v1/namespaces/mistaken/serviceaccounts", {"metadata": {"name": "default"}})
    return "mistaken"


@pytest.mark.parametrize(
    ("kind", "spec", "change", "words"),
    [pytest.param(*each, id=f"{each[0].plural}:{json.dumps(each[2])[:60]}") for each in UPDATES],
)
def test_what_may_not_change(
    web: Web, place: str, kind: Kind, spec: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    made = kind.object("", **spec)
    made["metadata"] = {"generateName": "mine-"}
    name = web.post(kind.path(place), made).ok()["metadata"]["name"]
    where = f"{kind.path(place)}/{name}"
    refused = web.send("PATCH", where, {"spec": change}, MERGE).refused(422, "Invalid")
    assert f'{kind.title} "{name}" is invalid: ' in refused["message"] and words in refused["message"]
    assert web.send("PATCH", where, {"metadata": {"labels": {"a": "b"}}}, MERGE).code == 200
    web.delete(where)


def test_immutable_data_and_types(web: Web, place: str) -> None:
    sealed = "data: Forbidden: field is immutable when `immutable` is set"
    for plural, title in (("configmaps", "ConfigMap"), ("secrets", "Secret")):
        here = f"/api/v1/namespaces/{place}/{plural}"
        web.post(here, {"metadata": {"name": "sealed"}, "immutable": True, "data": {"a": "eA=="}}).ok()
        refused = web.send("PATCH", f"{here}/sealed", {"data": {"a": "eQ=="}}, MERGE).refused(422, "Invalid")
        assert refused["message"] == f'{title} "sealed" is invalid: {sealed}'
    refused = web.send("PATCH", f"{here}/sealed", {"type": "x"}, MERGE).refused(422, "Invalid")
    assert refused["message"] == 'Secret "sealed" is invalid: type: Invalid value: "x": field is immutable'


def test_what_an_object_is_called_and_was(web: Web, place: str) -> None:
    where = f"/api/v1/namespaces/{place}/configmaps"
    web.post(where, {"metadata": {"name": "one"}}).ok()
    renamed = web.send("PATCH", f"{where}/one", {"metadata": {"name": "two"}}, MERGE).refused(400, "BadRequest")
    assert renamed["message"] == "the name of the object (two) does not match the name on the URL (one)"
    stale = {"metadata": {"resourceVersion": "1"}}
    assert web.send("PATCH", f"{where}/one", stale, MERGE).refused(409, "Conflict")["message"] == (
        'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to '
        "the latest version and try again"
    )
