from datetime import UTC, datetime

from wherry.kube.controllers.deployment import conditions as c

NOW, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def test_a_condition_that_says_the_same_stays() -> None:
    first = c.condition(c.PROGRESSING, "True", c.SET_UPDATED, "a", NOW)
    assert c.with_condition([first], c.condition(c.PROGRESSING, "True", c.SET_UPDATED, "b", LATER)) == [first]


def test_the_time_of_a_transition_is_that_of_another_status() -> None:
    first, other = c.condition(c.PROGRESSING, "True", c.SET_UPDATED, "a", NOW), c.condition("X", "True", "Y", "", NOW)
    (_, second) = c.with_condition([first, other], c.condition(c.PROGRESSING, "True", c.NEW_SET_AVAILABLE, "b", LATER))
    assert second["lastTransitionTime"] == first["lastTransitionTime"] != second["lastUpdateTime"]
    (third,) = c.with_condition([second], c.condition(c.PROGRESSING, "False", c.TIMED_OUT, "c", LATER))
    assert third["lastTransitionTime"] == "2026-01-02T00:00:00Z"


def test_conditions_are_found_and_left_out_by_type() -> None:
    first = c.condition("X", "True", "Y", "", NOW)
    assert c.find([first], "X") == first and c.find([first], "Z") is None and c.without([first], "X") == []
