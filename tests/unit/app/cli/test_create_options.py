"""The flags of ``run`` and ``create``: all of docker's that mean something here, and all of them read."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from wherry.app.cli.create_body import body
from wherry.app.cli.create_options import ALL, create_options

SAMPLES = {
    "--blkio-weight-device": "/dev/null:10",
    "--cgroupns": "private",
    "--cpus": "1.5",
    "--device": "/dev/null",
    "--device-cgroup-rule": "c 1:3 mr",
    "--device-read-bps": "/dev/null:1m",
    "--device-read-iops": "/dev/null:10",
    "--device-write-bps": "/dev/null:1m",
    "--device-write-iops": "/dev/null:10",
    "--attach": "stdout",
    "--add-host": "a:10.0.0.1",
    "--dns": "10.0.0.1",
    "--annotation": "a=b",
    "--env": "A=b",
    "--expose": "80",
    "--health-interval": "5s",
    "--health-start-interval": "5s",
    "--health-start-period": "5s",
    "--health-timeout": "5s",
    "--label": "a=b",
    "--log-opt": "max-size=1m",
    "--memory": "64m",
    "--memory-reservation": "64m",
    "--memory-swap": "64m",
    "--mount": "type=tmpfs,target=/x",
    "--network": "host",
    "--publish": "8080:80",
    "--pull": "never",
    "--restart": "always",
    "--security-opt": "no-new-privileges",
    "--shm-size": "64m",
    "--storage-opt": "size=1g",
    "--sysctl": "net.a=b",
    "--tmpfs": "/x",
    "--ulimit": "nofile=10",
    "--volume": "/a:/b",
    "--volumes-from": "web",
}


def command() -> tuple[click.Command, dict[str, Any]]:
    """One with all flags, and the values it was called with."""
    seen: dict[str, Any] = {}

    @click.command
    @create_options
    def one(**flags: Any) -> None:
        seen.update(flags)

    assert isinstance(one, click.Command)
    return one, seen


def options() -> list[click.Option]:
    return [option for option in command()[0].params if isinstance(option, click.Option)]


def called(*arguments: str) -> dict[str, Any]:
    """The values after this command line."""
    one, seen = command()
    result = CliRunner().invoke(one, arguments)
    assert result.exit_code == 0, result.output
    return seen


def test_no_flag_is_given_twice() -> None:
    names = [name for option in options() for name in (*option.opts, *option.secondary_opts)]
    assert len(names) == len(set(names))
    assert len(options()) == len(ALL)


def test_flags_are_listed_in_the_order_of_their_groups() -> None:
    listed = [option.opts[0] for option in options()]
    assert listed[0] == "--env"
    assert listed[-1] == "--no-healthcheck"


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("--env", "-e"),
        ("--user", "-u"),
        ("--workdir", "-w"),
        ("--interactive", "-i"),
        ("--tty", "-t"),
        ("--attach", "-a"),
        ("--label", "-l"),
        ("--hostname", "-h"),
        ("--volume", "-v"),
        ("--publish", "-p"),
        ("--publish-all", "-P"),
        ("--memory", "-m"),
        ("--cpu-shares", "-c"),
        ("--quiet", "-q"),
    ],
)
def test_short_forms_are_dockers(long: str, short: str) -> None:
    assert any({long, short} <= set(option.opts) for option in options())


def test_nothing_said_is_a_container_with_nothing_special() -> None:
    made = body("demo:1", (), called())
    assert made["Image"] == "demo:1"
    assert made["HostConfig"] == {"NetworkMode": "default"}


@pytest.mark.parametrize("option", options(), ids=lambda option: option.opts[0])
def test_every_flag_is_one_that_the_request_understands(option: click.Option) -> None:
    name = option.opts[0]
    arguments = [name] if option.is_flag else [name, SAMPLES.get(name, "5" if option.type is click.INT else "x")]
    if name in ("--env-file", "--label-file"):
        arguments[1] = "/dev/null"
    without, with_it = body("demo:1", (), called()), body("demo:1", (), called(*arguments))
    outside_the_request = {"--name", "--platform", "--pull", "--quiet", "--env-file", "--label-file"}
    assert (with_it != without) is (name not in outside_the_request)


def test_what_may_be_given_often_is_kept_in_order() -> None:
    assert called("-e", "A=1", "-e", "B=2", "--env", "A=3")["env"] == ("A=1", "B=2", "A=3")
