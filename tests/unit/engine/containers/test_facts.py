"""What a start must find out: capabilities and the log's place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.facts import full_name, granted, log_file
from wherry.engine.containers.model import HostConfig, LogSettings
from wherry.kit.errors import Invalid
from wherry.linux import capabilities

DIRECTORY = Path("/x")
NAMES = st.lists(st.sampled_from([*capabilities.ALL, "ALL", "net_raw"]), max_size=4)


@pytest.fixture(autouse=True)
def all_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "bounding", lambda: frozenset(capabilities.ALL))


def test_a_container_has_dockers_capabilities() -> None:
    assert granted(HostConfig()) == list(capabilities.DEFAULT)


@pytest.mark.parametrize(
    ("add", "drop", "has", "lacks"),
    [
        (["NET_ADMIN"], None, "CAP_NET_ADMIN", None),
        (["cap_net_admin"], None, "CAP_NET_ADMIN", None),
        (None, ["NET_RAW"], None, "CAP_NET_RAW"),
        (["NET_RAW"], ["ALL"], "CAP_NET_RAW", "CAP_CHOWN"),
        (["ALL"], ["SYS_ADMIN"], "CAP_SYS_MODULE", "CAP_SYS_ADMIN"),
    ],
)
def test_capabilities_are_added_and_dropped(
    add: list[str] | None, drop: list[str] | None, has: str | None, lacks: str | None
) -> None:
    names = granted(HostConfig(CapAdd=add, CapDrop=drop))
    assert has is None or has in names
    assert lacks not in names


@given(NAMES, NAMES)
def test_nobody_gets_one_twice_or_one_that_was_not_asked_for(add: list[str], drop: list[str]) -> None:
    names = granted(HostConfig(CapAdd=add, CapDrop=drop))
    assert len(set(names)) == len(names)
    wanted = {full_name(name) for name in add}
    if "CAP_ALL" not in wanted:
        assert set(names) <= set(capabilities.DEFAULT) | wanted
    assert not set(names) & ({full_name(name) for name in drop} - wanted)


def test_nobody_gets_what_the_engine_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "bounding", lambda: frozenset({"CAP_CHOWN", "CAP_KILL"}))
    assert set(granted(HostConfig(Privileged=True))) == {"CAP_CHOWN", "CAP_KILL"}
    assert set(granted(HostConfig(CapAdd=["SYS_ADMIN"]))) == {"CAP_CHOWN", "CAP_KILL"}


# The log


def test_a_log_is_rotated_unless_asked_otherwise() -> None:
    found = log_file(LogSettings(), DIRECTORY)
    assert found is not None
    assert (found.path, found.max_bytes, found.max_files) == (DIRECTORY / "container.log", 10 << 20, 3)


def test_its_size_and_number_can_be_said() -> None:
    found = log_file(LogSettings(Type="json-file", Config={"max-size": "1m", "max-file": "5", "tag": "x"}), DIRECTORY)
    assert found is not None
    assert (found.max_bytes, found.max_files) == (1 << 20, 5)
    found = log_file(LogSettings(Config={"max-size": "-1"}), DIRECTORY)
    assert found is not None
    assert found.max_bytes == 0


def test_there_may_be_none() -> None:
    assert log_file(LogSettings(Type="none"), DIRECTORY) is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max-size": "x"}, "invalid value for max-size: invalid size: 'x'"),
        ({"max-file": "0"}, "invalid value for max-file: 0"),
        ({"max-file": "-1"}, "invalid value for max-file"),
        ({"max-file": ""}, "invalid value for max-file"),
        ({"max-file": "\u0663"}, "invalid value for max-file"),
        ({"max-sise": "1m"}, "unknown log opt 'max-sise' for json-file log driver"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        log_file(LogSettings(Config=options), DIRECTORY)
