"""From a command line to the body of a create request."""

from typing import Any

import click
import pytest

from wherry.app.cli.create_body import body
from wherry.app.cli.run import run_command


def _flags(*arguments: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    context = run_command.make_context("run", [*arguments])
    flags = dict(context.params)
    return flags.pop("image"), flags.pop("command"), flags


def _body(*arguments: str) -> dict[str, Any]:
    image, command, flags = _flags(*arguments)
    return body(image, command, flags, {})


def test_the_least() -> None:
    assert _body("demo:1") == {
        "Image": "demo:1",
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {"NetworkMode": "default"},
    }


def test_options_end_at_the_image() -> None:
    made = _body("--rm", "demo:1", "ls", "--rm=x", "-l", "--", "-a")
    assert made["Cmd"] == ["ls", "--rm=x", "-l", "--", "-a"]
    assert made["HostConfig"]["AutoRemove"] is True


def test_values_of_flags_as_docker_takes_them() -> None:
    assert "AutoRemove" not in _body("--rm=false", "demo:1")["HostConfig"]
    assert _body("--rm=true", "demo:1")["HostConfig"]["AutoRemove"] is True
    assert _flags("--sig-proxy=false", "demo:1")[2]["sig_proxy"] is False
    with pytest.raises(click.UsageError, match="expected true or false"):
        _flags("--rm=perhaps", "demo:1")


def test_interactive_terminal() -> None:
    made = _body("-it", "demo:1", "sh")
    assert (made["Tty"], made["OpenStdin"], made["StdinOnce"], made["AttachStdin"]) == (True, True, True, True)
    detached = _body("-itd", "demo:1", "sh")
    assert "StdinOnce" not in detached
    assert "AttachStdout" not in detached


def test_the_line_of_the_issue() -> None:
    made = _body(
        "-d",
        "--name",
        "web",
        "-p",
        "8080:80",
        "-m",
        "64m",
        "--cpus",
        "0.5",
        "--pids-limit",
        "50",
        "-v",
        "data:/data",
        "demo:1",
        "httpd",
        "-f",
        "-p",
        "80",
    )
    assert made["Cmd"] == ["httpd", "-f", "-p", "80"]
    assert made["ExposedPorts"] == {"80/tcp": {}}
    assert made["HostConfig"] == {
        "NetworkMode": "default",
        "Binds": ["data:/data"],
        "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
        "Memory": 64 << 20,
        "NanoCpus": 500_000_000,
        "PidsLimit": 50,
    }


def test_process() -> None:
    made = _body(
        "-e",
        "A=1",
        "-e",
        "B",
        "-u",
        "1000",
        "-w",
        "/w",
        "--entrypoint",
        "",
        "-h",
        "host",
        "-l",
        "x=y",
        "--stop-signal",
        "INT",
        "--stop-timeout",
        "0",
        "demo:1",
    )
    assert made["Env"] == ["A=1", "B"]
    assert (made["User"], made["WorkingDir"], made["Entrypoint"], made["Hostname"]) == ("1000", "/w", [""], "host")
    assert (made["Labels"], made["StopSignal"], made["StopTimeout"]) == ({"x": "y"}, "INT", 0)


def test_security() -> None:
    host = _body(
        "--privileged",
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CHOWN",
        "--read-only",
        "--security-opt",
        "no-new-privileges",
        "--security-opt",
        "systempaths=unconfined",
        "--device",
        "/dev/null",
        "--pid",
        "host",
        "--userns",
        "host",
        "demo:1",
    )["HostConfig"]
    assert (host["Privileged"], host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"]) == (
        True,
        True,
        ["ALL"],
        ["CHOWN"],
    )
    assert host["MaskedPaths"] == []
    assert host["ReadonlyPaths"] == []
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["PidMode"], host["UsernsMode"]) == ("host", "host")


def test_limits() -> None:
    host = _body(
        "--memory-swap",
        "-1",
        "--memory-swappiness",
        "0",
        "--cpuset-cpus",
        "0-1",
        "-c",
        "512",
        "--ulimit",
        "nofile=10",
        "--shm-size",
        "1g",
        "--oom-score-adj",
        "0",
        "demo:1",
    )["HostConfig"]
    assert host["MemorySwap"] == -1
    assert host["MemorySwappiness"] == 0
    assert (host["CpusetCpus"], host["CpuShares"], host["ShmSize"]) == ("0-1", 512, 1 << 30)
    assert host["Ulimits"] == [{"Name": "nofile", "Soft": 10, "Hard": 10}]


def test_networks() -> None:
    assert _body("--network", "none", "demo:1")["HostConfig"]["NetworkMode"] == "none"
    made = _body("--net", "n1", "--network", "n2", "--ip", "10.0.0.2", "--network-alias", "x", "demo:1")
    first = {"Aliases": ["x"], "IPAMConfig": {"IPv4Address": "10.0.0.2"}}
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"n1": first, "n2": {}}}


def test_health() -> None:
    made = _body("--health-cmd", "true", "--health-interval", "1m", "--health-retries", "2", "demo:1")
    assert made["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 60 * 10**9, "Retries": 2}
    assert _body("--no-healthcheck", "demo:1")["Healthcheck"] == {"Test": ["NONE"]}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--rm", "--restart", "always"], "cannot specify both"),
        (["-a", "stdlog"], "valid streams"),
        (["--no-healthcheck", "--health-cmd", "x"], "conflicts"),
        (["-m", "lots"], "invalid size"),
        (["--dns", "here"], "here is not an ip address"),
    ],
)
def test_faults(arguments: list[str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        _body(*arguments, "demo:1")
