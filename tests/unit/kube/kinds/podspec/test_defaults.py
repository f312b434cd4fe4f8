import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import container, pod_spec
from wherry.kube.kinds.podspec import defaults
from wherry.kube.machinery.model import Object


def test_a_spec_of_one_container_gets_all_defaults() -> None:
    template: Object = {"spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    defaults.default_pod_template(template)
    assert template == {
        "metadata": {},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "nginx",
                    "imagePullPolicy": "Always",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        },
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/nginx:1", "IfNotPresent"),
        (f"nginx@sha256:{'a' * 64}", "IfNotPresent"),
        (f"nginx:latest@sha256:{'a' * 64}", "Always"),
        ("Nginx", "IfNotPresent"),
        ("", "IfNotPresent"),
        ("a" * 5000, "IfNotPresent"),
    ],
)
def test_images_without_a_tag_are_pulled_always(image: str, policy: str) -> None:
    assert defaults.pull_policy(image) == policy


def test_containers_of_all_kinds_get_theirs() -> None:
    probe = {"httpGet": {"port": 80}}
    spec = pod_spec(
        container(
            ports=[{"containerPort": 80}],
            env=[
                {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            ],
            livenessProbe=probe,
            lifecycle={"preStop": {"httpGet": {"port": 80}}, "stopSignal": "SIGTERM"},
            resources={"limits": {"cpu": "0.5", "memory": 1024}, "requests": {"cpu": "0.0001"}},
        ),
        initContainers=[{"name": "init", "image": "a:1", "readinessProbe": {"grpc": {"port": 1}, "periodSeconds": 3}}],
        ephemeralContainers=[{"name": "debug", "image": "b"}],
    )
    defaults.default_pod_spec(spec)
    found, init, debug = spec["containers"][0], spec["initContainers"][0], spec["ephemeralContainers"][0]
    assert found["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert found["env"][0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert found["env"][1]["valueFrom"]["resourceFieldRef"]["divisor"] == "0"
    assert found["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert found["lifecycle"]["preStop"]["httpGet"] == {"port": 80, "path": "/", "scheme": "HTTP"}
    assert found["resources"] == {"limits": {"cpu": "500m", "memory": "1024"}, "requests": {"cpu": "1m"}}
    assert init["readinessProbe"]["grpc"] == {"port": 1, "service": ""}
    assert init["readinessProbe"]["periodSeconds"] == 3
    assert (init["imagePullPolicy"], debug["imagePullPolicy"]) == ("IfNotPresent", "Always")


@pytest.mark.parametrize(
    ("volume", "found"),
    [
        ({}, {"emptyDir": {}}),
        ({"emptyDir": {"sizeLimit": "1024Mi"}}, {"emptyDir": {"sizeLimit": "1Gi"}}),
        ({"hostPath": {"path": "/a"}}, {"hostPath": {"path": "/a", "type": ""}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"configMap": {"name": "c", "defaultMode": 256}}, {"configMap": {"name": "c", "defaultMode": 256}}),
        (
            {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {
                "downwardAPI": {
                    "defaultMode": 420,
                    "items": [{"path": "a", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}],
                }
            },
        ),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {
                "projected": {
                    "defaultMode": 420,
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                }
            },
        ),
        ({"image": {"reference": "a"}}, {"image": {"reference": "a", "pullPolicy": "Always"}}),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1024Mi"}}}}}},
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "metadata": {},
                        "spec": {"volumeMode": "Filesystem", "resources": {"requests": {"storage": "1Gi"}}},
                    }
                }
            },
        ),
        (
            {"rbd": {"image": "i", "monitors": ["m"]}},
            {"rbd": {"image": "i", "monitors": ["m"], "pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"}},
        ),
    ],
)
def test_volumes_get_theirs(volume: Object, found: Object) -> None:
    defaults.default_volume(volume)
    assert volume == found


def test_both_names_of_the_service_account_are_shown() -> None:
    old, new = pod_spec(serviceAccount="old"), pod_spec(serviceAccountName="new", serviceAccount="old")
    for spec in (old, new):
        defaults.default_pod_spec(spec)
    assert (old["serviceAccountName"], old["serviceAccount"]) == ("old", "old")
    assert (new["serviceAccountName"], new["serviceAccount"]) == ("new", "new")


def test_a_pod_asks_for_what_it_is_limited_to() -> None:
    limits = {"cpu": "1", "memory": "1Gi"}
    pod: Object = {"spec": pod_spec(container(resources={"limits": limits, "requests": {"cpu": "100m"}}))}
    defaults.default_pod(pod)
    assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "100m", "memory": "1Gi"}
    assert pod["spec"]["enableServiceLinks"] is True


def test_with_the_nodes_network_ports_are_the_nodes() -> None:
    pod: Object = {"spec": pod_spec(container(ports=[{"containerPort": 80}]), hostNetwork=True)}
    defaults.default_pod(pod)
    assert pod["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


def test_what_is_no_quantity_is_left_to_validation() -> None:
    pod: Object = {"spec": pod_spec(container(resources={"limits": {"cpu": "much"}}))}
    defaults.default_pod(pod)
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "much"}


_images = st.sampled_from(["nginx", "nginx:1", "a/b@sha256:" + "0" * 64])
_containers = st.builds(
    lambda name, image, limits: {"name": name, "image": image, "resources": {"limits": limits}},
    st.sampled_from(["a", "b"]),
    _images,
    st.dictionaries(st.sampled_from(["cpu", "memory"]), st.sampled_from(["1", "0.5", "1024Mi", "100m"])),
)
_volumes = st.sampled_from(
    [{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}}, {"name": "p", "projected": {}}]
)


@given(st.lists(_containers, min_size=1, max_size=3), st.lists(_volumes, max_size=2), st.booleans())
def test_defaults_are_given_once(containers: list[Object], volumes: list[Object], host: bool) -> None:
    spec = {"containers": copy.deepcopy(containers), "volumes": copy.deepcopy(volumes), "hostNetwork": host}
    pod: Object = {"metadata": {}, "spec": spec}
    defaults.default_pod(pod)
    again = copy.deepcopy(pod)
    defaults.default_pod(again)
    assert again == pod
