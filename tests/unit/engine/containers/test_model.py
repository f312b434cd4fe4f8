"""Docker's documents go through here unchanged, and states have one table (its use: test_row)."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.model import (
    TRANSITIONS,
    Config,
    Document,
    ExecConfig,
    HostConfig,
    NetworkingConfig,
    Resources,
    State,
    UpdateConfig,
)
from wherry.http.body import convert


def test_what_create_was_given_is_what_inspect_gives() -> None:
    given: dict[str, Any] = {
        "NetworkMode": "bridge",
        "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        "Ulimits": [{"Name": "nofile", "Hard": 20, "Soft": 10}],
        "Mounts": [{"Type": "tmpfs", "Target": "/x"}],
    }
    shown = json.loads(msgspec.json.encode(convert(given, HostConfig)))
    assert {name: shown[name] for name in ("NetworkMode", "PortBindings", "RestartPolicy", "Ulimits")} == {
        name: given[name] for name in ("NetworkMode", "PortBindings", "RestartPolicy", "Ulimits")
    }
    assert given["Mounts"][0].items() <= shown["Mounts"][0].items()


def test_everything_is_shown_also_what_was_not_said() -> None:
    shown = json.loads(msgspec.json.encode(HostConfig()))
    assert {"Memory": 0, "Binds": None, "ConsoleSize": [0, 0], "PidsLimit": None}.items() <= shown.items()
    assert len(shown) == len(HostConfig.__struct_fields__)


def test_null_is_as_good_as_absent() -> None:
    assert convert({"Env": None, "Tty": None, "Healthcheck": None}, Config) == Config()
    assert convert({"LogConfig": None, "RestartPolicy": None}, HostConfig) == HostConfig()


def test_a_command_may_be_one_string() -> None:
    assert convert({"Cmd": "true", "Entrypoint": ["a"]}, Config).Cmd == "true"


@pytest.mark.parametrize("kind", [Config, HostConfig, NetworkingConfig, ExecConfig, UpdateConfig])
def test_what_others_need_is_accepted_and_dropped(kind: type[Document]) -> None:
    given = {"CredentialSpec": "x", "VolumeDriverOpts": {}, "New": [1]}
    assert convert(given, kind) == kind()


def test_two_containers_do_not_share_what_is_usual() -> None:
    first, second = HostConfig(), HostConfig()
    first.RestartPolicy.Name = "always"
    first.ConsoleSize[0] = 5
    assert (second.RestartPolicy.Name, second.ConsoleSize) == ("", [0, 0])


def test_all_that_can_be_changed_later_can_be_said_at_first() -> None:
    assert set(Resources.__struct_fields__) < set(HostConfig.__struct_fields__)
    assert set(UpdateConfig.__struct_fields__) - set(Resources.__struct_fields__) == {"RestartPolicy"}


def test_states_are_dockers_words() -> None:
    assert {str(state) for state in State} == {
        "created",
        "running",
        "paused",
        "restarting",
        "removing",
        "exited",
        "dead",
    }
    assert TRANSITIONS.keys() == set(State)


texts = st.text(max_size=5)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "Env": st.lists(texts, max_size=3),
            "Labels": st.dictionaries(texts, texts, max_size=3),
            "Cmd": texts | st.lists(texts, max_size=3),
            "Tty": st.booleans(),
            "StopTimeout": st.none() | st.integers(-1, 100),
            "ExposedPorts": st.dictionaries(texts, st.just({}), max_size=2),
        },
    )
)
def test_any_configuration_is_written_as_it_was_read(given: dict[str, Any]) -> None:
    read = convert(given, Config)
    assert given.items() <= json.loads(msgspec.json.encode(read)).items()
    assert msgspec.json.decode(msgspec.json.encode(read), type=Config) == read
