"""What can be said against a request; check E11: who is no one is never root."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import Daemon, image
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import (
    Config,
    HealthcheckConfig,
    HostConfig,
    LogSettings,
    RestartRule,
    Ulimit,
)
from wherry.engine.containers.validate import (
    check,
    check_asked,
    check_environment,
    check_policy,
    check_user,
    is_mapped,
    signal_number,
)
from wherry.kit.errors import Invalid, Unsupported

# The user


@pytest.mark.parametrize(
    "text", ["", "0", "1000", "1000:1000", "www-data", "me:staff", "_apt", "host$", "4294967294", "a.b:0"]
)
def test_users_are_names_or_ids(text: str) -> None:
    check_user(text)


@pytest.mark.parametrize(
    "text",
    [
        "4294967295", "4294967296", "18446744073709551616", "99999999999999999999", "-1", "+0", " 0", "0 ", "00", "0x0",
        ":0", "0:", "0:0:0", "a b", "a\n", "a\0", "1e3", "\u0660", "1000\n", "%00", "\u202e0",
    ],
)  # fmt: skip
def test_what_is_no_user_is_refused_and_never_taken_for_root(text: str) -> None:
    """CVE-2024-40635: a number that does not fit became 0."""
    with pytest.raises(Invalid, match="invalid user"):
        check_user(text)


@given(st.text(max_size=20))
def test_what_passes_for_a_user_is_ascii_and_fits(text: str) -> None:
    try:
        check_user(text)
    except Invalid:
        return
    assert text.isascii()
    assert all(not part.isdigit() or int(part) < 0xFFFFFFFF for part in text.split(":"))


@given(st.integers(0, 1 << 80))
def test_ids_that_do_not_fit_are_refused(number: int) -> None:
    try:
        check_user(str(number))
        assert number <= 0xFFFFFFFE
    except Invalid:
        assert number > 0xFFFFFFFE


async def test_an_images_user_is_no_friend_either(daemon: Daemon) -> None:
    daemon.machine.images.images = {"sha256:" + "1" * 64: image(user="4294967296", cmd=["true"])}
    with pytest.raises(Invalid, match="invalid user"):
        await daemon.create()


async def test_labels_of_an_image_select_nothing(daemon: Daemon) -> None:
    """A label is text: whatever it says, the container is the same."""
    labels = {"io.wherry.privileged": "true", "security.userns": "host", "com.docker.volume.anonymous": ""}
    plain = await daemon.create("true")
    daemon.machine.images.images = {"sha256:" + "1" * 64: image(labels=labels, cmd=["true"])}
    labelled = await daemon.create("true")
    first, second = (daemon.containers.inspect(one) for one in (plain, labelled))
    assert first["HostConfig"] == second["HostConfig"]
    assert first["Wherry"] == second["Wherry"]
    assert second["Config"]["Labels"] == labels


# Signals


@pytest.mark.parametrize(
    ("text", "number"),
    [("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("9", 9), ("64", 64), ("RTMIN", 34), ("SIGRTMIN+3", 37)],
)
def test_signals_are_names_or_numbers(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "65", "-9", "NOSUCH", "_DFL", "SIG_IGN", "RTMIN+99", "RTMAX+1", "\u0669"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid signal"):
        signal_number(text)


@given(st.text(max_size=12))
def test_any_text_is_a_signal_or_refused(text: str) -> None:
    try:
        assert 0 < signal_number(text) < 65
    except Invalid:
        pass


# Everything else


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"WorkingDir": "x"}, "needs to be an absolute path"),
        ({"WorkingDir": "/a\0b"}, "null character"),
        ({"Env": ["=x"]}, "invalid environment variable: =x"),
        ({"Env": ["A=\0"]}, "null character"),
        ({"Env": [""]}, "invalid environment variable"),
        ({"Hostname": "x" * 64}, "invalid hostname"),
        ({"Hostname": "a b"}, "invalid hostname"),
        ({"Domainname": "x" * 65}, "invalid hostname"),
        ({"StopSignal": "NOSUCH"}, "invalid signal: NOSUCH"),
        ({"ExposedPorts": {"99999/tcp": {}}}, "invalid port specification"),
        ({"Healthcheck": HealthcheckConfig(Interval=1)}, "Interval in Healthcheck cannot be less than 1ms"),
        ({"Healthcheck": HealthcheckConfig(Retries=-1)}, "Retries in Healthcheck cannot be negative"),
    ],
)
def test_configurations_that_cannot_be_are_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=re.escape(words)):
        check(Config(**config), HostConfig())


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"PidMode": "x"}, "invalid PID mode: x"),
        ({"PidMode": "container:"}, "invalid PID mode: container:"),
        ({"UTSMode": "container:x"}, "invalid UTS mode"),
        ({"IpcMode": "x"}, "invalid IPC mode"),
        ({"NetworkMode": "container:"}, "the name of a container is missing"),
        ({"CapAdd": ["NOSUCH"]}, 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'),
        ({"SecurityOpt": ["seccomp"]}, 'invalid --security-opt 1: "seccomp"'),
        ({"SecurityOpt": ["x=y"]}, 'invalid --security-opt 2: "x=y"'),
        ({"Ulimits": [Ulimit(Name="x")]}, "invalid ulimit type: x"),
        ({"Ulimits": [Ulimit(Name="nofile", Soft=2, Hard=1)]}, "soft limit must be less than or equal"),
        ({"Ulimits": [Ulimit(Name="nofile", Soft=-1, Hard=1)]}, "soft limit must be less than or equal"),
        ({"Sysctls": {"kernel.core_pattern": "|/x"}}, "sysctl 'kernel.core_pattern' is not allowed"),
        ({"Sysctls": {"net./../../kernel.core_pattern": "|/x"}}, "is not allowed"),
        (
            {"Sysctls": {"net.core.somaxconn": "1"}, "NetworkMode": "host"},
            "network namespace is not the container's own",
        ),
        ({"Sysctls": {"net.core.somaxconn": "1"}, "NetworkMode": "container:x"}, "network namespace is not"),
        ({"Sysctls": {"kernel.sem": "1"}, "IpcMode": "host"}, "IPC namespace is not the container's own"),
        ({"Sysctls": {"fs.mqueue.msg_max": "1"}, "IpcMode": "container:x"}, "IPC namespace is not"),
        ({"LogConfig": LogSettings(Type="syslog")}, "no log driver named 'syslog' is registered"),
        ({"CgroupParent": "../x"}, "invalid cgroup parent"),
        ({"CgroupParent": "a//b"}, "invalid cgroup parent"),
        ({"ShmSize": -1}, "SHM size can not be less than 0"),
        ({"OomScoreAdj": 1001}, "range for oom score adj"),
        ({"Runtime": "/bin/sh"}, "unknown or invalid runtime name"),
        ({"GroupAdd": ["-1"]}, "invalid user"),
        ({"Isolation": "hyperv"}, "invalid isolation"),
        ({"DeviceCgroupRules": ["x"]}, "invalid device cgroup rule format"),
    ],
)
def test_hosts_that_cannot_be_are_refused(host: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=re.escape(words)):
        check(Config(), HostConfig(**host))


@pytest.mark.parametrize(
    "host",
    [{"DeviceRequests": [{"Driver": "nvidia"}]}, {"StorageOpt": {"size": "1g"}}, {"CpuRealtimeRuntime": 950_000}],
)
def test_what_is_not_there_yet_is_said_so(host: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="not available in this version"):
        check(Config(), HostConfig(**host))


def test_what_is_asked_for_and_not_done_is_warned_of() -> None:
    warnings = check(Config(), HostConfig(Links=["a:b"], SecurityOpt=["apparmor=x", "label=type:y"]))
    assert [warning.split()[0] for warning in warnings] == ["links", "apparmor=x", "label=type:y"]
    assert check(Config(), HostConfig(SecurityOpt=["apparmor=unconfined", "label=disable", "no-new-privileges"])) == []
    assert check(Config(), HostConfig(NetworkMode="front", Links=["a:b"])) == [], "a name on that network"


def test_a_hardware_address_is_of_a_network_of_its_own() -> None:
    check_asked(Config(MacAddress="02:42:ac:11:00:09"), HostConfig())
    for mode in ("host", "container:x"):
        with pytest.raises(Invalid, match="mac-address and the network mode"):
            check_asked(Config(MacAddress="02:42:ac:11:00:09"), HostConfig(NetworkMode=mode))


@pytest.mark.parametrize(
    ("policy", "auto_remove", "words"),
    [
        (RestartRule(Name="sometimes"), False, "unknown policy 'sometimes'"),
        (RestartRule(Name="on-failure", MaximumRetryCount=-1), False, "maximum retry count cannot be negative"),
        (RestartRule(Name="always", MaximumRetryCount=1), False, "can only be used with 'on-failure'"),
        (RestartRule(Name="always"), True, "can't create 'AutoRemove' container with restart policy"),
    ],
)
def test_policies_that_cannot_be_are_refused(policy: RestartRule, auto_remove: bool, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_policy(policy, auto_remove)


@pytest.mark.parametrize(
    ("config", "host", "words"),
    [
        ({"Hostname": "x"}, {"UTSMode": "host"}, "hostname and the UTS mode"),
        ({"Hostname": "x"}, {"NetworkMode": "container:y"}, "hostname and the network mode"),
        ({}, {"NetworkMode": "container:y", "Dns": ["1.1.1.1"]}, "dns and the network mode"),
        ({}, {"NetworkMode": "container:y", "PublishAllPorts": True}, "port publishing and the container type"),
        ({"ExposedPorts": {"80": {}}}, {"NetworkMode": "container:y"}, "port exposing and the container type"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    config: dict[str, Any], host: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=f"conflicting options: {words}"):
        check_asked(Config(**config), HostConfig(**host))


@given(st.lists(st.text(max_size=8), max_size=4))
def test_what_passes_for_an_environment_has_names(items: list[str]) -> None:
    try:
        check_environment(items)
    except Invalid:
        return
    assert all(item.partition("=")[0] and "\0" not in item for item in items)


@pytest.mark.parametrize(
    ("host", "mapped"),
    [
        ({}, True),
        ({"UsernsMode": "private"}, True),
        ({"UTSMode": "host"}, True),
        ({"UsernsMode": "host"}, False),
        ({"Privileged": True}, False),
        ({"NetworkMode": "host"}, False),
        ({"PidMode": "host"}, False),
        ({"IpcMode": "host"}, False),
        ({"NetworkMode": "container:mapped"}, True),
        ({"NetworkMode": "container:mapped", "PidMode": "container:plain"}, False),
    ],
)
def test_a_container_has_the_hosts_users_only_when_it_must(host: dict[str, Any], mapped: bool) -> None:
    assert is_mapped(HostConfig(**host), lambda ref: row(mapped=ref == "mapped")) == mapped
