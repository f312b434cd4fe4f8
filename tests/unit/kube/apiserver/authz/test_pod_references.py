"""What pods and volumes refer to."""

from typing import Any

import pytest

from tests.unit.kube.apiserver.authz.cluster import pod, volume
from wherry.kube.apiserver.authz.pod_references import claim_of, references, volume_secrets


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "c", **fields}


SECRET_ENV = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"serviceAccountName": "robot"}, {("serviceaccounts", "robot")}),
        ({"imagePullSecrets": [{"name": "s"}, {}]}, {("secrets", "s")}),
        ({"containers": [container(env=SECRET_ENV)]}, {("secrets", "s")}),
        ({"initContainers": [container(env=SECRET_ENV)]}, {("secrets", "s")}),
        ({"ephemeralContainers": [container(env=SECRET_ENV)]}, {("secrets", "s")}),
        ({"containers": [container(env=[{"name": "A", "value": "x"}])]}, set()),
        (
            {"containers": [container(envFrom=[{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "m"}}])]},
            {("secrets", "s"), ("configmaps", "m")},
        ),
        (
            {"containers": [container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m"}}}])]},
            {("configmaps", "m")},
        ),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, {("secrets", "s")}),
        ({"volumes": [{"name": "v", "configMap": {"name": "m"}}]}, {("configmaps", "m")}),
        (
            {
                "volumes": [
                    {
                        "name": "v",
                        "projected": {
                            "sources": [
                                {"secret": {"name": "s"}},
                                {"configMap": {"name": "m"}},
                                {"serviceAccountToken": {"path": "t"}},
                            ]
                        },
                    }
                ]
            },
            {("secrets", "s"), ("configmaps", "m")},
        ),
        ({"volumes": [{"name": "v", "azureFile": {"secretName": "s"}}]}, {("secrets", "s")}),
        (
            {"volumes": [{"name": "v", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}]},
            {("secrets", "s")},
        ),
        *(
            ({"volumes": [{"name": "v", kind: {"secretRef": {"name": "s"}}}]}, {("secrets", "s")})
            for kind in ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos")
        ),
        (
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
            {("persistentvolumeclaims", "c")},
        ),
        ({"volumes": [{"name": "v", "ephemeral": {}}]}, {("persistentvolumeclaims", "p-v")}),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, set()),
        ({"resourceClaims": [{"name": "r", "resourceClaimName": "rc"}]}, {("resourceclaims", "rc")}),
        ({"resourceClaims": [{"name": "r", "resourceClaimTemplateName": "t"}]}, set()),
        (
            {
                "resourceClaims": [{"name": "r", "resourceClaimTemplateName": "t"}],
                "status": {"resourceClaimStatuses": [{"name": "r", "resourceClaimName": "made"}]},
            },
            {("resourceclaims", "made")},
        ),
        (
            {"status": {"extendedResourceClaimStatus": {"resourceClaimName": "extended"}}},
            {("resourceclaims", "extended")},
        ),
    ],
)
def test_what_a_pod_refers_to(spec: dict[str, Any], found: set[tuple[str, str]]) -> None:
    assert references(pod("p", **spec)) == found


def test_a_mirror_pod_refers_to_nothing_that_its_node_could_read_by_it() -> None:
    mirror = pod("p", annotations={"kubernetes.io/config.mirror": "x"}, serviceAccountName="robot",
                 volumes=[{"name": "v", "secret": {"secretName": "s"}}])  # fmt: skip
    assert references(mirror) == set()


def test_the_secrets_of_a_volume_are_in_the_namespace_of_its_claim_unless_it_says_another() -> None:
    csi = {"nodePublishSecretRef": {"name": "p", "namespace": "b"}, "nodeStageSecretRef": {"name": "s"},
           "controllerPublishSecretRef": {"name": "c"}, "controllerExpandSecretRef": {"name": "e"}}  # fmt: skip

    assert volume_secrets(volume("v", "c", csi=csi)) == {("b", "p"), ("a", "s")}
    assert volume_secrets(volume("v", "c", azureFile={"secretName": "f"})) == {("a", "f")}
    assert volume_secrets(volume("v", "c", rbd={"secretRef": {"name": "r", "namespace": "b"}})) == {("b", "r")}


def test_a_volume_without_a_claim_is_nobodys() -> None:
    assert claim_of(volume("v")) is None
    assert volume_secrets(volume("v", azureFile={"secretName": "f"})) == set()
    assert claim_of(volume("v", "c")) == ("a", "c")
