"""The system call filter of a container."""

import json

import pytest

from wherry.engine.containers.model import HostConfig
from wherry.engine.containers.seccomp import compiled, section
from wherry.kit.errors import Invalid
from wherry.linux import capabilities

NAMES = list(capabilities.DEFAULT)
OWN = json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]})


def test_a_container_has_the_usual_filter_and_it_is_compiled_once() -> None:
    first = compiled(HostConfig(), NAMES)
    assert first
    assert len(first) % 8 == 0  # struct sock_filter
    assert compiled(HostConfig(SecurityOpt=["seccomp=builtin"]), NAMES) is first


def test_other_capabilities_have_another_filter() -> None:
    assert compiled(HostConfig(), [*NAMES, "CAP_SYS_ADMIN"]) != compiled(HostConfig(), NAMES)


@pytest.mark.parametrize("host", [HostConfig(SecurityOpt=["seccomp=unconfined"]), HostConfig(Privileged=True)])
def test_unconfined_and_privileged_have_none(host: HostConfig) -> None:
    assert compiled(host, NAMES) is None
    assert section(host, NAMES) is None


def test_an_own_profile_takes_its_place_in_a_privileged_container_too() -> None:
    for host in (
        HostConfig(SecurityOpt=[f"seccomp={OWN}"]),
        HostConfig(SecurityOpt=[f"seccomp={OWN}"], Privileged=True),
    ):
        assert compiled(host, NAMES) not in (None, compiled(HostConfig(), NAMES))
        assert (section(host, NAMES) or {})["defaultAction"] == "SCMP_ACT_ALLOW"


@pytest.mark.parametrize("profile", ["{", "[]", "1", '{"defaultAction": "NONSENSE"}', '{"syscalls": 1}', "null"])
def test_a_profile_with_a_fault_is_refused(profile: str) -> None:
    with pytest.raises(Invalid, match="Decoding seccomp profile failed"):
        compiled(HostConfig(SecurityOpt=[f"seccomp={profile}"]), NAMES)
