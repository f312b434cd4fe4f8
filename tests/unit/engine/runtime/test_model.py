"""The contract of runtimes, and that both of them keep to its form."""

import inspect
from typing import Any

import pytest

from wherry.engine.runtime import model
from wherry.engine.runtime.client import ShimRuntime
from wherry.engine.runtime.fake import FakeExec, FakeRuntime, FakeSandbox, FakeTask
from wherry.engine.runtime.model import IdRange, Isolation, Namespace, StartFailed
from wherry.engine.runtime.tasks import ShimExec, ShimSandbox, ShimTask


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        (model.Runtime, ShimRuntime),
        (model.Runtime, FakeRuntime),
        (model.Sandbox, ShimSandbox),
        (model.Sandbox, FakeSandbox),
        (model.Task, ShimTask),
        (model.Task, FakeTask),
        (model.Exec, ShimExec),
        (model.Exec, FakeExec),
    ],
)
def test_the_real_ones_and_the_imagined_ones_have_what_is_asked(protocol: type, kind: Any) -> None:
    for name, member in vars(protocol).items():
        if name.startswith("_") or not inspect.isfunction(member):
            continue
        theirs = getattr(kind, name)
        assert inspect.signature(theirs).parameters.keys() == inspect.signature(member).parameters.keys(), name
        assert inspect.iscoroutinefunction(theirs) == inspect.iscoroutinefunction(member), name


def test_a_failed_start_is_its_message() -> None:
    error = StartFailed("find program", 'exec: "x": executable file not found in $PATH', 2, "x")
    assert str(error) == error.message
    assert isinstance(error, Exception)
    assert (StartFailed("a", "b").errno, StartFailed("a", "b").path) == (0, "")


def test_a_container_has_everything_of_its_own_unless_it_asks() -> None:
    isolation = Isolation(ids=None)
    kinds = (isolation.network, isolation.pid, isolation.ipc, isolation.uts, isolation.cgroup)
    assert set(kinds) == {Namespace.NEW}
    joined = (isolation.join_user, isolation.join_network, isolation.join_pid, isolation.join_ipc)
    assert set(joined) == {None}


def test_a_range_of_ids_is_what_a_user_namespace_can_map() -> None:
    assert IdRange(100_000).count == 65536
