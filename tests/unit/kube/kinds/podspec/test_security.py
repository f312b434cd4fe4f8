from typing import Any

import pytest

from tests.unit.kube.kinds.podspec.specs import wrong_container, wrong_spec

P = "t.spec.securityContext"
C = "t.spec.containers[0].securityContext"
RANGE = "must be between 0 and 2147483647, inclusive"


@pytest.mark.parametrize(
    ("context", "errors"),
    [
        ({"runAsUser": 0, "runAsNonRoot": False}, []),
        ({"runAsUser": -1}, [f".runAsUser: Invalid value: -1: {RANGE}"]),
        ({"runAsGroup": 2**31}, [f".runAsGroup: Invalid value: 2147483648: {RANGE}"]),
        ({"procMount": "Open"}, ['.procMount: Unsupported value: "Open": supported values: "Default", "Unmasked"']),
        (
            {"procMount": "Unmasked"},
            ['.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`'],
        ),
        ({"seccompProfile": {}}, [".seccompProfile.type: Required value: type is required when seccompProfile is set"]),
        (
            {"seccompProfile": {"type": "Strict"}},
            [
                '.seccompProfile.type: Unsupported value: "Strict": supported values: "Localhost", '
                '"RuntimeDefault", "Unconfined"'
            ],
        ),
        (
            {"seccompProfile": {"type": "Localhost"}},
            [".seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"],
        ),
        (
            {"seccompProfile": {"type": "Localhost", "localhostProfile": ""}},
            [".seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"],
        ),
        (
            {"seccompProfile": {"type": "Unconfined", "localhostProfile": "a"}},
            [
                '.seccompProfile.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"a"}: '
                "can only be set when seccomp type is Localhost"
            ],
        ),
        (
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": " a"}},
            ['.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace'],
        ),
        (
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": "a" * 4096}},
            [".appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes"],
        ),
        (
            {"appArmorProfile": {"type": "Unconfined", "localhostProfile": "a"}},
            ['.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost'],
        ),
    ],
)
def test_contexts_of_containers(context: dict[str, Any], errors: list[str]) -> None:
    assert wrong_container(securityContext=context) == [C + each for each in errors]


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"privileged": True}, "`privileged` to true"),
        ({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, "`capabilities.Add` CAP_SYS_ADMIN"),
    ],
)
def test_who_has_all_privileges_gains_no_more(context: dict[str, Any], why: str) -> None:
    (error,) = wrong_container(securityContext={"allowPrivilegeEscalation": False, **context})
    assert error.startswith(f"{C}: Invalid value: {{")
    assert error.endswith(f": cannot set `allowPrivilegeEscalation` to false and {why}")


@pytest.mark.parametrize(
    ("context", "errors"),
    [
        ({"fsGroup": 1, "supplementalGroups": [2, 3], "sysctls": [{"name": "net.core.somaxconn"}]}, []),
        ({"fsGroup": -1}, [f".fsGroup: Invalid value: -1: {RANGE}"]),
        ({"supplementalGroups": [1, -1]}, [f".supplementalGroups[1]: Invalid value: -1: {RANGE}"]),
        ({"sysctls": [{}]}, [".sysctls[0].name: Required value"]),
        (
            {"sysctls": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
            ['.sysctls[1].name: Duplicate value: "a"'],
        ),
        (
            {"sysctls": [{"name": "A", "value": "1"}]},
            [
                '.sysctls[0].name: Invalid value: "A": must have at most 253 characters and match regex '
                r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
            ],
        ),
        (
            {"fsGroupChangePolicy": "Never"},
            ['.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"'],
        ),
        (
            {"supplementalGroupsPolicy": "Lax"},
            ['.supplementalGroupsPolicy: Unsupported value: "Lax": supported values: "Merge", "Strict"'],
        ),
        (
            {"seLinuxChangePolicy": "Lax"},
            ['.seLinuxChangePolicy: Unsupported value: "Lax": supported values: "MountOption", "Recursive"'],
        ),
    ],
)
def test_contexts_of_pods(context: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(securityContext=context) == [P + each for each in errors]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"shareProcessNamespace": True, "hostPID": True},
            [
                f"{P}.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be "
                "enabled"
            ],
        ),
        (
            {"hostNetwork": True, "securityContext": {"sysctls": [{"name": "net/core.a"}]}},
            [
                f"{P}.sysctls[0].name: Invalid value: \"net/core.a\": may not be specified when 'hostNetwork' is true",
            ],
        ),
        (
            {"hostIPC": True, "securityContext": {"sysctls": [{"name": "kernel.shmmax"}]}},
            [
                f"{P}.sysctls[0].name: Invalid value: \"kernel.shmmax\": may not be specified when 'hostIPC' is true",
            ],
        ),
        ({"hostUsers": False, "hostNetwork": True}, ["t.spec.hostNetwork: Forbidden: when `hostUsers` is false"]),
        ({"hostUsers": False, "hostPID": True}, ["t.spec.HostPID: Forbidden: when `hostUsers` is false"]),
        ({"hostUsers": True, "hostPID": True}, []),
    ],
)
def test_namespaces_of_the_node(fields: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(**fields) == errors
