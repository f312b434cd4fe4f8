from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container
from tests.unit.kube.kinds.podspec.specs import wrong_container, wrong_spec

P = "t.spec.containers[0]"
EXEC = {"exec": {"command": ["true"]}}


@pytest.mark.parametrize(
    ("probe", "errors"),
    [
        (EXEC, []),
        ({"httpGet": {"port": 80}}, []),
        ({"httpGet": {"port": "http"}}, []),
        ({"tcpSocket": {"port": 1}}, []),
        ({"grpc": {"port": 1}}, []),
        ({}, [": Required value: must specify a handler type"]),
        ({"exec": {}}, [".exec.command: Required value"]),
        ({**EXEC, "tcpSocket": {"port": 1}}, [".tcpSocket: Forbidden: may not specify more than 1 handler type"]),
        (
            {"httpGet": {"port": 0, "scheme": "FTP"}},
            [
                ".httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
                '.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
            ],
        ),
        (
            {"httpGet": {"port": 80, "httpHeaders": [{"name": "a b", "value": "c"}]}},
            [
                '.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric '
                "characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
            ],
        ),
        (
            {**EXEC, "initialDelaySeconds": -1},
            [".initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0"],
        ),
        ({**EXEC, "successThreshold": 2}, [".successThreshold: Invalid value: 2: must be 1"]),
        (
            {**EXEC, "terminationGracePeriodSeconds": 0},
            [".terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"],
        ),
    ],
)
def test_liveness_probes(probe: Any, errors: list[str]) -> None:
    assert wrong_container(livenessProbe=probe) == [f"{P}.livenessProbe{each}" for each in errors]


def test_readiness_may_take_several_successes_and_kills_nothing() -> None:
    assert wrong_container(readinessProbe={**EXEC, "successThreshold": 2}) == []
    assert wrong_container(readinessProbe={**EXEC, "terminationGracePeriodSeconds": 5}) == [
        f"{P}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes"
    ]


@pytest.mark.parametrize(
    ("lifecycle", "errors"),
    [
        ({"postStart": EXEC, "preStop": {"sleep": {"seconds": 30}}}, []),
        ({"preStop": {"sleep": {"seconds": 0}}}, []),
        (
            {"preStop": {"sleep": {"seconds": 31}}},
            [
                ".preStop.sleep: Invalid value: 31: must be non-negative and less than "
                "terminationGracePeriodSeconds (30)",
            ],
        ),
        ({"preStop": {}}, [".preStop: Required value: must specify a handler type"]),
        (
            {"stopSignal": "SIGTERM"},
            [".stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`"],
        ),
    ],
)
def test_hooks(lifecycle: Any, errors: list[str]) -> None:
    assert wrong_container(lifecycle=lifecycle) == [f"{P}.lifecycle{each}" for each in errors]


def test_signals_are_those_of_the_system() -> None:
    def wrong(signal: str, system: str) -> list[str]:
        return wrong_spec(containers=[container(lifecycle={"stopSignal": signal})], os={"name": system})

    assert wrong("SIGRTMIN+3", "linux") == []
    assert wrong("SIGKILL", "windows") == []
    assert wrong("SIGHUP", "windows") == [
        f'{P}.lifecycle.stopSignal: Unsupported value: "SIGHUP": supported values: "SIGKILL", "SIGTERM"'
    ]
