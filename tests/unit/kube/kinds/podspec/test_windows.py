from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_spec, wrong_template
from wherry.kube.kinds.podspec.windows import containers_with_paths, validate_windows_options
from wherry.kube.machinery.fielderrors import Path

W = Path("w")
USER = "w.runAsUserName: Invalid value: "


@pytest.mark.parametrize(
    ("options", "errors"),
    [
        ({}, []),
        ({"runAsUserName": r"EXAMPLE\ContainerUser"}, []),
        ({"runAsUserName": r"corp.example.com\user"}, []),
        ({"runAsUserName": ""}, [f'{USER}"": runAsUserName cannot be an empty string']),
        ({"runAsUserName": "a\tb"}, [f'{USER}"a\\tb": runAsUserName cannot contain control characters']),
        (
            {"runAsUserName": r"a\b\c"},
            [f'{USER}"a\\\\b\\\\c": runAsUserName cannot contain more than one backslash'],
        ),
        ({"runAsUserName": "a\\"}, [f'{USER}"a\\\\": runAsUserName\'s User cannot be empty']),
        ({"runAsUserName": ". ."}, [f'{USER}". .": runAsUserName\'s User cannot contain only periods or spaces']),
        (
            {"runAsUserName": "a+b"},
            [f'{USER}"a+b": runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]'],
        ),
        (
            {"runAsUserName": "u" * 105},
            [f'{USER}"{"u" * 105}": runAsUserName\'s User length must not be longer than 104 characters'],
        ),
        (
            {"gmsaCredentialSpec": ""},
            ['w.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string'],
        ),
    ],
)
def test_options(options: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_windows_options(options, W)) == errors


def test_a_specification_has_an_end() -> None:
    (error,) = validate_windows_options({"gmsaCredentialSpec": "x" * (64 * 1024 + 1)}, W)
    assert str(error).endswith("gmsaCredentialSpec size must be under 64 KiB")


HOST = {"windowsOptions": {"hostProcess": True}}
NOT_HOST = {"windowsOptions": {"hostProcess": False}}


@pytest.mark.parametrize(
    ("fields", "context", "errors"),
    [
        ({"securityContext": HOST, "hostNetwork": True}, {}, []),
        (
            {"securityContext": HOST},
            {},
            [
                "t.spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess "
                "containers"
            ],
        ),
        (
            {"securityContext": NOT_HOST, "hostNetwork": True},
            HOST,
            [
                "t.spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: "
                "pod hostProcess value must be identical if both are specified, was false"
            ],
        ),
    ],
)
def test_host_processes(fields: dict[str, Any], context: dict[str, Any], errors: list[str]) -> None:
    spec = pod_spec(container(securityContext=context), **fields)
    assert wrong_template(spec=spec) == errors


def test_one_host_process_makes_all_so() -> None:
    spec = pod_spec(container(securityContext=HOST), container(name="b"), hostNetwork=True)
    assert wrong_template(spec=spec) == [
        't.spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be '
        "HostProcess containers"
    ]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"os": {"name": "linux"}}, []),
        ({"os": {"name": ""}}, ["t.spec.os.name: Required value: cannot be empty"]),
        ({"os": {"name": "plan9"}}, ['t.spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']),
        (
            {"os": {"name": "linux"}, "securityContext": {"windowsOptions": {}}},
            ["t.spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"],
        ),
        (
            {"os": {"name": "windows"}, "hostPID": True, "securityContext": {"fsGroup": 1}},
            [
                "t.spec.hostPID: Forbidden: cannot be set for a windows pod",
                "t.spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod",
            ],
        ),
    ],
)
def test_what_goes_with_a_system(fields: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(**fields) == errors


def test_containers_of_windows_have_no_capabilities() -> None:
    spec = pod_spec(container(securityContext={"capabilities": {}, "runAsUser": 1}), os={"name": "windows"})
    assert wrong_template(spec=spec) == [
        "t.spec.containers[0].securityContext.capabilities: Forbidden: cannot be set for a windows pod",
        "t.spec.containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
    ]


def test_all_containers_are_found() -> None:
    spec = {"containers": [{"name": "a"}], "initContainers": [{"name": "b"}], "ephemeralContainers": [{"name": "c"}]}
    found = [(each["name"], str(path)) for each, path in containers_with_paths(spec, Path("spec"))]
    assert found == [
        ("b", "spec.initContainers[0]"),
        ("a", "spec.containers[0]"),
        ("c", "spec.ephemeralContainers[0]"),
    ]
