"""HEALTHCHECK."""

from dataclasses import replace

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.model import ExecForm, Healthcheck, ShellForm
from wherry.kit.errors import Invalid

SECOND = 1_000_000_000
PLACE = one("HEALTHCHECK NONE").location


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HEALTHCHECK none", Healthcheck(PLACE, None)),
        ("HEALTHCHECK --interval=5s NONE", Healthcheck(PLACE, None)),
        ("HEALTHCHECK CMD curl  x", Healthcheck(PLACE, ShellForm("curl  x"))),
        ('HEALTHCHECK cmd ["curl", "x"]', Healthcheck(PLACE, ExecForm(("curl", "x")))),
        (
            "HEALTHCHECK --interval=5s --timeout=1m30s --start-period=500ms --start-interval=1s --retries=2 CMD x",
            Healthcheck(PLACE, ShellForm("x"), 5 * SECOND, 90 * SECOND, SECOND // 2, SECOND, 2),
        ),
        ("HEALTHCHECK --interval=0s CMD x", Healthcheck(PLACE, ShellForm("x"))),
    ],
)
def test_a_check_is(text: str, expected: Healthcheck) -> None:
    assert replace(one(text), location=PLACE) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK CMD []", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK RUN x", 'Unknown type "RUN" in HEALTHCHECK (try CMD)'),
        ("HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'),
        ("HEALTHCHECK --timeout=-1s CMD x", 'Interval "timeout" cannot be less than 1ms'),
        ("HEALTHCHECK --interval=x CMD x", 'time: invalid duration "x"'),
        ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
        ("HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("HEALTHCHECK --retries=9999999999 CMD x", 'strconv.ParseInt: parsing "9999999999": value out of range'),
        ("HEALTHCHECK --interva=1s CMD x", "unknown flag: --interva (did you mean interval?)"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        one(text)
    assert refused.value.message == message
