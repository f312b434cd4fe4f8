"""Limits, devices, policies, security options."""

import json
from pathlib import Path

import pytest

from wherry.app.cli.parse import limits


def test_ulimits() -> None:
    assert limits.ulimit("nofile=1024:2048") == {"Name": "nofile", "Soft": 1024, "Hard": 2048}
    assert limits.ulimit("core=-1") == {"Name": "core", "Soft": -1, "Hard": -1}
    for spec in ("nofile", "files=1", "nofile=a", "nofile=2:1", "nofile=-1:1"):
        with pytest.raises(ValueError, match="ulimit"):
            limits.ulimit(spec)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("/dev/null", ("/dev/null", "/dev/null", "rwm")),
        ("/dev/null:/dev/x", ("/dev/null", "/dev/x", "rwm")),
        ("/dev/null:r", ("/dev/null", "/dev/null", "r")),
        ("/dev/null:/dev/x:rw", ("/dev/null", "/dev/x", "rw")),
    ],
)
def test_devices(spec: str, parts: tuple[str, str, str]) -> None:
    assert tuple(limits.device(spec).values()) == parts


@pytest.mark.parametrize("spec", ["", "/dev/null:x", "/dev/null:/a:rwx", "/a:/b:r:w", "/a:/b:rr"])
def test_devices_that_are_none(spec: str) -> None:
    with pytest.raises(ValueError, match="invalid device"):
        limits.device(spec)


def test_device_rules_and_rates() -> None:
    assert limits.device_rule("c 1:* rwm") == "c 1:* rwm"
    for spec in ("c 1 r", "x 1:1 r", "c a:1 r", "c 1:1 q"):
        with pytest.raises(ValueError, match="invalid device cgroup"):
            limits.device_rule(spec)
    assert limits.throttle_bytes("/dev/sda:1m") == {"Path": "/dev/sda", "Rate": 1 << 20}
    assert limits.throttle_operations("/dev/sda:10") == {"Path": "/dev/sda", "Rate": 10}
    assert limits.weight_device("/dev/sda:100") == {"Path": "/dev/sda", "Weight": 100}
    for spec in ("sda:1", "/dev/sda", "/dev/sda:x"):
        with pytest.raises(ValueError, match=r"bad format|invalid rate"):
            limits.throttle_operations(spec)
    with pytest.raises(ValueError, match="invalid weight"):
        limits.weight_device("/dev/sda:5")


def test_processors() -> None:
    assert limits.nano_cpus("0.5") == 500_000_000
    assert limits.nano_cpus("2") == 2_000_000_000
    for text in ("half", "-1", "0.0000000001"):
        with pytest.raises(ValueError, match=r"rational|precise"):
            limits.nano_cpus(text)


def test_restart_policies() -> None:
    assert limits.restart_policy("on-failure:3") == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert limits.restart_policy("always") == {"Name": "always", "MaximumRetryCount": 0}
    for text in ("sometimes", "always:3", "on-failure:x"):
        with pytest.raises(ValueError, match="restart policy"):
            limits.restart_policy(text)


def test_a_seccomp_profile_is_sent_not_named(tmp_path: Path) -> None:
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}))
    options, unmasked = limits.security_options(
        [f"seccomp={profile}", "no-new-privileges", "seccomp=unconfined", "systempaths=unconfined"]
    )
    assert options == ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', "no-new-privileges", "seccomp=unconfined"]
    assert unmasked
    for spec in ("seccomp=/none", f"seccomp={tmp_path}", "label"):
        with pytest.raises(ValueError, match=r"seccomp profile|invalid"):
            limits.security_options([spec])


def test_extra_hosts() -> None:
    assert limits.extra_host("a:10.0.0.1") == "a:10.0.0.1"
    assert limits.extra_host("a=::1") == "a:::1"
    assert limits.extra_host("a:host-gateway") == "a:host-gateway"
    for spec in ("a", ":1", "a:b"):
        with pytest.raises(ValueError, match="add-host"):
            limits.extra_host(spec)
