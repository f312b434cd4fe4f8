"""Which daemon a command talks to."""

from pathlib import Path

import click
import pytest

from wherry.app.cli.command import socket_path
from wherry.engine.instance import Instance


def test_the_nearest_choice_wins(tmp_path: Path) -> None:
    environment = {"WHERRY_ROOT": f"{tmp_path}/env", "DOCKER_HOST": "unix:///d.sock"}
    assert socket_path({"host": "unix:///h.sock", "root": "/r"}, environment) == "/h.sock"
    assert socket_path({"root": f"{tmp_path}/flag"}, environment) == f"{tmp_path}/flag/run/docker.sock"
    assert socket_path({}, environment) == f"{tmp_path}/env/run/docker.sock"
    assert socket_path({}, {"DOCKER_HOST": "unix:///d.sock"}) == "/d.sock"


@pytest.mark.parametrize("root", ["/var/lib/wherry", "/var/lib/wherry/", "relative", "/a/../b"])
def test_it_is_the_path_that_the_instance_has(root: str) -> None:
    assert socket_path({"root": root}, {}) == str(Instance.at(Path(root)).socket)


def test_without_anything_it_is_the_default_instance() -> None:
    assert socket_path({}, {}) == str(Instance.at().socket)


def test_other_addresses_are_refused() -> None:
    with pytest.raises(click.UsageError, match="DOCKER_HOST: tcp://x is not unix"):
        socket_path({}, {"DOCKER_HOST": "tcp://x"})
