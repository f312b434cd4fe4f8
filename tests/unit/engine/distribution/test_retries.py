"""What passes is waited for, what does not is told at once."""

import pytest

from tests.unit.engine.distribution.conftest import NOW
from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.retries import ATTEMPTS, pause
from wherry.http.client import BrokenOff, NoAnswer, Untrusted
from wherry.kit.errors import Invalid


@pytest.mark.parametrize("error", [BrokenOff("x"), NoAnswer("x"), Refused(500, "", "x"), Refused(503, "", "x")])
def test_trouble_is_waited_out_longer_each_time(error: Exception) -> None:
    assert [pause(error, attempt, NOW) for attempt in range(1, ATTEMPTS + 1)] == [1, 2, 4, 8, None]


@pytest.mark.parametrize(
    "error",
    [Untrusted("x"), Invalid("x"), Refused(404, "", "x"), Refused(401, "", "x"), Refused(429, "TOOMANYREQUESTS", "x"),
     ValueError()],
)  # fmt: skip
def test_what_does_not_pass_is_final(error: Exception) -> None:
    assert pause(error, 1, NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3),
        ("0", 0),
        ("30", 30),
        ("31", None),
        ("99999999999999999999", None),
        ("Thu, 01 Jan 2026 00:00:05 GMT", 5),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0),
        ("Thu, 01 Jan 2026 01:00:00 GMT", None),
    ],
)
def test_a_server_says_how_long(text: str, seconds: float | None) -> None:
    assert pause(Refused(429, "TOOMANYREQUESTS", "x", text), 1, NOW) == seconds
    assert pause(Refused(503, "", "x", text), 1, NOW) == seconds


def test_nonsense_is_no_time() -> None:
    assert pause(Refused(503, "", "x", "soon"), 2, NOW) == 2
    assert pause(Refused(429, "", "x", "soon"), 2, NOW) is None
