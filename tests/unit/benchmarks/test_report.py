"""The benchmarks' verdicts, table and JSON."""

import json

import pytest
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row, document, table, verdict


def row(ours: float | None, peer: float | None = None, goal: Goal | None = None, missing: str = "") -> Row:
    return Row("start", "start of `true`", "ms", _sample(ours), _sample(peer), "floor", goal, missing)


def _sample(value: float | None) -> Sample | None:
    return None if value is None else Sample((value,))


@pytest.mark.parametrize(
    ("one", "reached"),
    [
        (row(12.0, 5.0, Goal(3)), True),
        (row(15.0, 5.0, Goal(3)), True),
        (row(15.1, 5.0, Goal(3)), False),
        (row(2.9, goal=Goal(3, is_ratio=False)), True),
        (row(3.1, goal=Goal(3, is_ratio=False)), False),
        (row(12.0, 5.0), None),
        (row(None, goal=Goal(3)), None),
        (row(12.0, goal=Goal(3)), None),
    ],
)
def test_a_goal_is_a_most_of_the_ratio_or_of_ours(one: Row, reached: bool | None) -> None:
    assert one.is_reached is reached


def test_the_table_shows_both_sides_and_the_verdict() -> None:
    text = table([row(12.0, 5.0, Goal(3)), row(9.0, 5.0, Goal(1.5))])
    first, second = text.splitlines()[2:4]
    assert " ".join(first.split()) == "start of `true` 12.0 ms floor 5.0 ms 2.40 ≤ 3 x reached"
    assert second.endswith("1.80  ≤ 1.5 x     MISSED")


def test_what_could_not_be_measured_is_in_the_table_with_the_reason() -> None:
    text = table([row(None, goal=Goal(0.2), missing="there is no dockerd")])
    assert "not measured" in text
    assert "start of `true`: there is no dockerd" in text


def test_the_verdict_names_what_is_missed() -> None:
    reached, missed, unjudged = row(2.0, 1.0, Goal(3)), row(4.0, 1.0, Goal(3)), row(4.0, 1.0)
    assert verdict([reached, unjudged]) == "All 1 goals that were measured are reached."
    assert verdict([reached, missed]) == "1 of 2 goals missed: start of `true`."


def test_the_document_has_the_figures_of_both_sides() -> None:
    described = json.loads(document([row(12.0, 5.0, Goal(3))], {"processors": 2}))
    assert described["machine"] == {"processors": 2}
    (only,) = described["rows"]
    assert only["ours"] == {"median": 12.0, "min": 12.0, "p90": 12.0, "count": 1}
    assert only["must_reach"] == {"at_most": 3, "of": "ratio"}
    assert only["reached"] is True
