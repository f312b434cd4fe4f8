"""Texts with a form, as Go reads them and writes them back."""

import base64
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.schema.scalars import base64_text, micro_time, quantity, time


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59Z"),
        ("2026-01-02T03:04:05.999Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
    ],
)
def test_times_are_kept_in_utc_to_the_second(written: str, kept: str) -> None:
    assert time(written) == kept


def test_fine_times_are_kept_to_the_microsecond() -> None:
    assert micro_time("2026-01-02T03:04:05Z") == "2026-01-02T03:04:05.000000Z"
    assert micro_time("2026-01-02T03:04:05.1234567+01:00") == "2026-01-02T02:04:05.123456Z"


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32), st.integers(0, 24), st.integers(0, 60))
def test_times_are_kept_or_refused_whatever_their_form(year: int, month: int, day: int, hour: int, minute: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:05"
    try:
        datetime(year, month, day, hour, minute)
    except ValueError:
        for form in [micro_time] if year == 0 else [time, micro_time]:  # year 0 is none of Python's
            with pytest.raises(ValueError, match="parsing time"):
                form(f"{text}.000000Z")
    else:
        assert time(f"{text}Z") == time(f"{text}+00:00") == f"{text}Z"
        assert micro_time(f"{text}.000006Z") == micro_time(f"{text}.000006+00:00") == f"{text}.000006Z"


@pytest.mark.parametrize("written", ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-02", "2026-01-02T25:00:00Z"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="parsing time"):
        time(written)
    with pytest.raises(ValueError, match="parsing time"):
        micro_time(written)


@pytest.mark.parametrize("form", [time, micro_time, base64_text])
def test_what_is_no_text_is_a_matter_of_type(form: Any) -> None:
    with pytest.raises(TypeError):
        form(5)


def test_a_quantity_stays_as_it_is() -> None:
    each: Any
    for each in ("5", "100m", "1Gi", "1.5", "1e3", "-1", 5, 0.25):
        assert quantity(each) == each
    for each in (None, [], "five"):
        with pytest.raises(ValueError, match="quantities must match"):
            quantity(each)


# The positions are those of Go's encoding/base64.
@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("!", 0),
        ("YWJj!", 4),
        ("YW\n!j", 3),
        ("YWJjY", 4),
        ("YWJ", 0),
        ("YW", 0),
        ("YW=", 3),
        ("YW=x", 2),
        ("Y===", 1),
        ("====", 0),
        ("YW==YWJj", 4),
        ("YWI=\nx", 5),
        ("YWI==", 4),
        ("é", 0),
    ],
)
def test_the_place_of_a_fault_in_base64_is_told(text: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"^illegal base64 data at input byte {position}$"):
        base64_text(text)


@given(st.binary(max_size=40), st.integers(1, 8))
def test_base64_with_line_breaks_is_joined(content: bytes, width: int) -> None:
    text = base64.b64encode(content).decode()
    broken = "\r\n".join(text[start : start + width] for start in range(0, len(text), width))
    assert base64_text(broken) == text


@given(st.text(alphabet="YWJj=\n!", max_size=12))
def test_base64_is_right_or_has_a_fault_in_it(text: str) -> None:
    try:
        kept = base64_text(text)
    except ValueError as error:
        assert 0 <= int(str(error).rpartition(" ")[2]) <= len(text)
    else:
        assert base64.b64decode(kept, validate=True) is not None
        assert base64_text(kept) == kept
