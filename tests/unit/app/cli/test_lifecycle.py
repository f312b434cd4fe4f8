"""Commands that do one thing to each container named."""

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry


@pytest.fixture
def two(daemon: Daemon) -> Daemon:
    """Containers ``one`` and ``two``, which run."""
    for name in ("one", "two"):
        daemon.start(name=name)
    return daemon


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["stop", "-t", "0"], "exited"),
        (["stop", "--time", "0", "--signal", "INT"], "exited"),
        (["restart", "-t", "0"], "running"),
        (["kill"], "exited"),
        (["kill", "-s", "WINCH"], "running"),
        (["pause"], "paused"),
        (["start"], "running"),
    ],
)
def test_it_is_done_to_all_and_their_names_are_printed(
    two: Daemon, wherry: Wherry, arguments: list[str], status: str
) -> None:
    result = wherry(*arguments, "one", "two")
    assert (result.code, result.out, result.err) == (0, "one\ntwo\n", "")
    assert [two.status(name) for name in ("one", "two")] == [status] * 2


def test_what_fails_for_one_is_done_to_the_others(two: Daemon, wherry: Wherry) -> None:
    result = wherry("stop", "-t", "0", "absent", "two")
    assert (result.code, result.out) == (1, "two\n")
    assert result.err == "Error response from daemon: No such container: absent\n"


def test_a_paused_container_goes_on(two: Daemon, wherry: Wherry) -> None:
    wherry("pause", "one")
    assert wherry("unpause", "one").out == "one\n"
    assert two.status("one") == "running"
    assert "is not paused" in wherry("unpause", "one").err


def test_what_runs_is_removed_by_force_only(two: Daemon, wherry: Wherry) -> None:
    assert "stop the container before removing or force remove" in wherry("rm", "one").err
    assert wherry("rm", "-f", "one").out == "one\n"
    assert wherry("rm", "-f", "one").out == "one\n"  # gone is as good as removed
    assert wherry("rm", "one").code == 1


@pytest.mark.parametrize(("flags", "left"), [([], 1), (["-v"], 0)])
def test_anonymous_volumes_go_when_they_are_asked_to(
    daemon: Daemon, wherry: Wherry, flags: list[str], left: int
) -> None:
    daemon.create(name="web", Binds=["/data"])
    wherry("rm", *flags, "web")
    assert len(daemon.call(daemon.engine.volumes.list)) == left


def test_a_container_gets_another_name(two: Daemon, wherry: Wherry) -> None:
    assert wherry("rename", "one", "other").code == 0
    assert two.call(two.engine.exists, "other")
    assert "already in use" in wherry("rename", "other", "two").err


def test_waiting_prints_how_they_ended(daemon: Daemon, wherry: Wherry) -> None:
    for name, code in (("one", "3"), ("two", "0")):
        daemon.start("exit", code, name=name)
    assert wherry("wait", "one", "two").out == "3\n0\n"
    assert wherry("wait", "absent").code == 1


def test_a_start_with_its_output_ends_as_the_container_does(daemon: Daemon, wherry: Wherry) -> None:
    daemon.create("echo", "hello", name="one")
    daemon.create("exit", "5", name="two")
    assert wherry("start", "-a", "one").out == "hello\n"
    assert wherry("start", "--attach", "two").code == 5
    assert wherry("start", "-a", "one").out == "hello\n"


def test_only_one_can_be_attached_to(two: Daemon, wherry: Wherry) -> None:
    result = wherry("start", "-a", "one", "two")
    assert result.code == 125
    assert "you cannot start and attach multiple containers at once" in result.err


def test_stopped_containers_are_pruned_after_a_question(two: Daemon, wherry: Wherry) -> None:
    wherry("kill", "one")
    refused = wherry("container", "prune", stdin=b"n\n")
    assert refused.code == 130
    assert refused.out.startswith("WARNING! This will remove all stopped containers.")
    result = wherry("container", "prune", "-f")
    assert result.out.splitlines()[0] == "Deleted Containers:"
    assert result.out.splitlines()[-1] == "Total reclaimed space: 0B"
    assert not two.call(two.engine.exists, "one")
    assert wherry("container", "prune", "-f").out == "Total reclaimed space: 0B\n"


def test_a_filter_that_is_none_is_refused(wherry: Wherry) -> None:
    result = wherry("container", "prune", "-f", "--filter", "until")
    assert result.code == 125
    assert "expected name=value" in result.err


@pytest.mark.parametrize("name", ["a b", "x?force=1", "ü", "%41", "a#b", "a&b"])
def test_a_name_that_is_none_is_not_found_and_nothing_else(two: Daemon, wherry: Wherry, name: str) -> None:
    result = wherry("kill", name)
    assert (result.code, result.err) == (1, f"Error response from daemon: No such container: {name}\n")
