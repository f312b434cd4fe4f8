from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_container, wrong_spec
from wherry.kube.kinds.podspec import PodContext, default_pod_spec, validate_pod_spec
from wherry.kube.machinery.fielderrors import Path

C = "t.spec.containers[0]"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": ""}, [f"{C}.name: Required value"]),
        ({"image": ""}, [f"{C}.image: Required value"]),
        (
            {"terminationMessagePolicy": "Log"},
            [
                f'{C}.terminationMessagePolicy: Unsupported value: "Log": supported values: "FallbackToLogsOnError", '
                '"File"'
            ],
        ),
        (
            {"imagePullPolicy": "Maybe"},
            [f'{C}.imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"'],
        ),
        ({"ports": [{}]}, [f"{C}.ports[0].containerPort: Required value"]),
        (
            {"ports": [{"containerPort": 70000}]},
            [f"{C}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"],
        ),
        (
            {"ports": [{"containerPort": 80, "hostPort": -1}]},
            [f"{C}.ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive"],
        ),
        (
            {"ports": [{"containerPort": 80, "protocol": "ICMP"}]},
            [f'{C}.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
        ),
        (
            {"ports": [{"containerPort": 80, "name": "a-very-long-port-name"}]},
            [f'{C}.ports[0].name: Invalid value: "a-very-long-port-name": must be no more than 15 bytes'],
        ),
        (
            {"ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}]},
            [f'{C}.ports[1].name: Duplicate value: "http"'],
        ),
        (
            {"ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]},
            [f'{C}.ports[1].hostPort: Duplicate value: "TCP//80"'],
        ),
        ({"volumeMounts": [{"name": "x", "mountPath": "/x"}]}, [f'{C}.volumeMounts[0].name: Not found: "x"']),
        (
            {"volumeMounts": [{"name": "", "mountPath": ""}]},
            [
                f"{C}.volumeMounts[0].name: Required value",
                f'{C}.volumeMounts[0].name: Not found: ""',
                f"{C}.volumeMounts[0].mountPath: Required value",
            ],
        ),
        (
            {"resizePolicy": [{"resourceName": "disk", "restartPolicy": "NotRequired"}]},
            [f'{C}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"'],
        ),
        (
            {"restartPolicy": "Sometimes"},
            [f'{C}.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
        ),
        (
            {"restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]},
            [f"{C}.restartPolicy: Required value: must specify restartPolicy when restart rules are used"],
        ),
        (
            {"restartPolicy": "Never", "restartPolicyRules": [{"action": "Jump"}]},
            [
                f'{C}.restartPolicyRules[0].action: Unsupported value: "Jump": supported values: "Restart", '
                '"RestartAllContainers"',
                f"{C}.restartPolicyRules[0].exitCodes: Required value: must be specified",
            ],
        ),
    ],
)
def test_a_wrong_container_is_complained_about(fields: Any, errors: list[str]) -> None:
    assert wrong_container(**fields) == errors


def test_a_container_with_everything_right() -> None:
    spec = pod_spec(
        container(
            ports=[{"containerPort": 80, "hostPort": 8080, "name": "http"}],
            volumeMounts=[
                {"name": "v", "mountPath": "/v", "subPath": "a/b", "readOnly": True, "recursiveReadOnly": "Enabled"},
                {"name": "v", "mountPath": "/w", "mountPropagation": "HostToContainer"},
            ],
            volumeDevices=[{"name": "p", "devicePath": "/dev/x"}],
            restartPolicy="Never",
            restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
            resizePolicy=[{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
        ),
        volumes=[{"name": "v"}, {"name": "p", "persistentVolumeClaim": {"claimName": "c"}}],
    )
    assert wrong_spec(**spec) == []


def test_a_pod_has_containers() -> None:
    assert wrong_spec(containers=[]) == ["t.spec.containers: Required value"]


def test_names_are_unique_in_a_pod() -> None:
    errors = wrong_spec(containers=[container(), container()], initContainers=[container()])
    assert errors == [
        't.spec.containers[1].name: Duplicate value: "web"',
        't.spec.initContainers[0].name: Duplicate value: "web"',
    ]


@pytest.mark.parametrize(
    ("mount", "error"),
    [
        ({"subPath": "/a"}, 'subPath: Invalid value: "/a": must be a relative path'),
        ({"subPath": "a/../b"}, "subPath: Invalid value: \"a/../b\": must not contain '..'"),
        (
            {"subPath": "a", "subPathExpr": "$(B)"},
            '[0].subPathExpr: Invalid value: "$(B)": subPathExpr and subPath are mutually exclusive',
        ),
        (
            {"mountPropagation": "Bidirectional"},
            "mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
        ),
        (
            {"mountPropagation": "All"},
            'mountPropagation: Unsupported value: "All": supported values: "Bidirectional", "HostToContainer", "None"',
        ),
        (
            {"recursiveReadOnly": "Enabled"},
            "recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
        ),
        (
            {"recursiveReadOnly": "Yes"},
            'recursiveReadOnly: Unsupported value: "Yes": supported values: "Disabled", "Enabled", "IfPossible"',
        ),
    ],
)
def test_a_wrong_mount_is_complained_about(mount: Any, error: str) -> None:
    mounts = [{"name": "v", "mountPath": "/v", **mount}]
    at = f"{C}.volumeMounts" + ("" if error.startswith("[") else ".")
    assert wrong_spec(containers=[container(volumeMounts=mounts)], volumes=[{"name": "v"}]) == [at + error]


def test_mounts_and_devices_do_not_overlap() -> None:
    errors = wrong_spec(
        containers=[
            container(
                volumeMounts=[{"name": "a", "mountPath": "/x"}, {"name": "b", "mountPath": "/x"}],
                volumeDevices=[{"name": "a", "devicePath": "/x"}, {"name": "c", "devicePath": "/../c"}],
            )
        ],
        volumes=[{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in "ab"],
    )
    assert errors == [
        f'{C}.volumeMounts[0].name: Invalid value: "a": must not already exist in volumeDevices',
        f'{C}.volumeMounts[0].mountPath: Invalid value: "/x": must not already exist as a path in volumeDevices',
        f'{C}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
        f'{C}.volumeMounts[1].mountPath: Invalid value: "/x": must not already exist as a path in volumeDevices',
        f'{C}.volumeDevices[0].name: Invalid value: "a": must not already exist in volumeMounts',
        f'{C}.volumeDevices[0].devicePath: Invalid value: "/x": must not already exist as a path in volumeMounts',
        f'{C}.volumeDevices[1].name: Not found: "c"',
        f"{C}.volumeDevices[1].devicePath: Invalid value: \"/../c\": can not contain backsteps ('..')",
    ]


def test_a_device_is_of_a_claim() -> None:
    devices = [{"name": "v", "devicePath": "/dev/x"}]
    assert wrong_spec(containers=[container(volumeDevices=devices)], volumes=[{"name": "v"}]) == [
        f'{C}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or '
        "Ephemeral for block mode"
    ]


def test_a_resize_policy_fits_the_restart_policy() -> None:
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    errors = wrong_spec(containers=[container(resizePolicy=policy)], restartPolicy="Never")
    assert (
        f"{C}.resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'"
        in errors
    )


def test_init_containers_that_end_have_no_probes() -> None:
    init = {"name": "i", "image": "a", "livenessProbe": {"exec": {"command": ["a"]}}, "lifecycle": {}}
    why = "Forbidden: may not be set for init containers without restartPolicy=Always"
    assert wrong_spec(initContainers=[init]) == [
        f"t.spec.initContainers[0].lifecycle: {why}",
        f"t.spec.initContainers[0].livenessProbe: {why}",
    ]
    assert wrong_spec(initContainers=[{**init, "restartPolicy": "Always"}]) == []


def _ephemeral(**fields: Any) -> list[str]:
    spec = pod_spec(ephemeralContainers=[{"name": "debug", "image": "a", **fields}], volumes=[{"name": "v"}])
    default_pod_spec(spec)
    return said(validate_pod_spec(spec, Path("spec"), PodContext(is_pod=True, name="a")))


def test_ephemeral_containers_are_for_looking() -> None:
    at = "spec.ephemeralContainers[0]"
    cannot = "Forbidden: cannot be set for an Ephemeral Container"
    assert _ephemeral(targetContainerName="web") == []
    assert _ephemeral(name="web") == [f'{at}.name: Duplicate value: "web"']
    assert _ephemeral(targetContainerName="x") == [f'{at}.targetContainerName: Not found: "x"']
    assert _ephemeral(ports=[{"containerPort": 1}]) == [f"{at}.ports: {cannot}"]
    assert _ephemeral(volumeMounts=[{"name": "v", "mountPath": "/v", "subPath": "a"}]) == [
        f"{at}.volumeMounts[0].subPath: {cannot}"
    ]
    assert _ephemeral(image=" a") == [f'{at}.image: Invalid value: " a": must not have leading or trailing whitespace']
