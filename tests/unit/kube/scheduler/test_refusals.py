"""Why not."""

from wherry.kube.scheduler import refusals
from wherry.kube.scheduler.refusals import Refusal


def test_which_refusals_preemption_can_change() -> None:
    resolvable = {
        name for name, value in vars(refusals).items() if isinstance(value, Refusal) and value.resolvable
    }  # fmt: skip
    assert resolvable == {
        "PORTS_TAKEN", "DISK_CONFLICT", "ONE_POD_ONLY", "TOO_MANY_VOLUMES", "SPREAD", "POD_ANTI_AFFINITY",
        "OTHERS_ANTI_AFFINITY",
    }  # fmt: skip


def test_reasons_are_told_apart() -> None:
    reasons = [value.reasons for value in vars(refusals).values() if isinstance(value, Refusal)]
    assert len(reasons) == len(set(reasons)) and all(len(each) == 1 for each in reasons)
