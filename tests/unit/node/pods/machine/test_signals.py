"""Every signal has a condition that the node shows."""

from datetime import UTC, datetime

from wherry.node.pods.machine.conditions import conditions
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.machine.signals import SIGNALS
from wherry.node.pods.options import HARD


def test_each_is_measured_and_shown() -> None:
    measures = ImaginedMachine().measure()
    shown = {each["type"] for each in conditions({}, "", {}, datetime(2026, 1, 1, tzinfo=UTC))}
    for signal in SIGNALS.values():
        assert 0 < signal.left(measures) <= signal.whole(measures)
        assert signal.condition in shown


def test_what_is_usual_is_known() -> None:
    assert set(HARD) < set(SIGNALS)
