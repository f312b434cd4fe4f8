"""What happens."""

from wherry.kube.scheduler.happenings import Change
from wherry.kube.scheduler.hints import ABOUT


def test_there_is_somebody_whom_each_change_may_help() -> None:
    assert frozenset(Change) == frozenset[Change]().union(*ABOUT.values())
