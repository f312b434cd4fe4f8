import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery import quantity
from wherry.kube.machinery.quantity import Format, Quantity


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("0.5", "500m"),
        ("1.5", "1500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("100Mi", "100Mi"),
        ("512", "512"),
        ("0.5Ki", "512"),
        ("1000k", "1M"),
        ("12e6", "12e6"),
        ("1200e3", "1200e3"),
        ("1000e3", "1e6"),
        ("100E", "100E"),
        ("5u", "5u"),
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("-1.5", "-1500m"),
        ("-2Gi", "-2Gi"),
        (".5", "500m"),
        (" 5 ", "5"),
        ("16Ei", "9223372036854775807"),
        ("1.1Ki", "1126400m"),
        (2, "2"),
        (0.25, "250m"),
    ],
)
def test_a_quantity_is_shown_in_its_canonical_form(written: quantity.Source, shown: str) -> None:
    assert quantity.canonical(written) == shown


def test_what_upstream_takes_for_canonical_stays_as_it_was_written() -> None:
    assert [quantity.canonical(each) for each in ("1.234", "+3", "1.")] == ["1.234", "+3", "1."]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", quantity.WRONG_FORMAT),
        ("abc", quantity.WRONG_FORMAT),
        ("1x", quantity.WRONG_FORMAT),
        ("1.2.3", quantity.WRONG_FORMAT),
        ("1 Gi", quantity.WRONG_FORMAT),
        ("٣", quantity.WRONG_FORMAT),
        ("1" * 5000, quantity.WRONG_FORMAT),
        ("m", quantity.WRONG_NUMBER),
        ("1e", quantity.WRONG_SUFFIX),
        ("1Kii", quantity.WRONG_SUFFIX),
        ("1e999999", quantity.WRONG_SUFFIX),
        (True, quantity.WRONG_FORMAT),
    ],
)
def test_what_is_no_quantity_is_refused_in_upstreams_words(text: quantity.Source, complaint: str) -> None:
    with pytest.raises(ValueError) as error:
        quantity.parse(text)
    assert str(error.value) == complaint


def test_quantities_are_compared_by_value() -> None:
    one, other = quantity.parse("1Gi"), quantity.parse("1073741824")
    assert one == other
    assert hash(one) == hash(other)
    assert quantity.parse("1G") < one <= other
    assert one > quantity.parse("1G")
    assert one >= other
    assert one != "1Gi"


def test_sums_are_written_like_the_first_that_is_not_zero() -> None:
    half, whole = quantity.parse("512Mi"), quantity.parse("1Gi")
    assert str(half + half) == "1Gi"
    assert str(quantity.ZERO + half) == "512Mi"
    assert str(whole - half) == "512Mi"
    assert str(quantity.parse("100m") * 15) == "1500m"
    assert str(-half) == "-512Mi"


def test_values_are_rounded_away_from_zero() -> None:
    assert quantity.parse("1.1").value == 2
    assert quantity.parse("-1.1").value == -2
    assert quantity.parse("0.1m").milli == 1
    assert str(quantity.parse("0.1m").to_milli()) == "1m"
    assert str(quantity.parse("100m").to_milli()) == "100m"
    assert [quantity.thousandths(each) for each in ("0.1m", " 1500m ", 0.0001, 2, "1")] == [
        "1m",
        "1500m",
        "1m",
        "2",
        "1",
    ]
    assert not quantity.ZERO
    assert quantity.of_milli(1500) == quantity.parse("1.5")


_texts = st.builds(
    lambda sign, whole, fraction, suffix: f"{sign}{whole}{fraction}{suffix}",
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**12),
    st.sampled_from(["", ".5", ".25", ".001", ".1234567"]),
    st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"]),
)


@given(_texts)
def test_the_canonical_form_is_the_same_quantity_and_stays_as_it_is(text: str) -> None:
    shown = quantity.canonical(text)
    assert quantity.parse(shown) == quantity.parse(text)
    assert quantity.canonical(shown) == shown


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        found = quantity.parse(text)
    except ValueError:
        return
    assert quantity.parse(str(found)) == found


@given(st.integers(-(10**20), 10**20), st.sampled_from(list(Format)))
def test_what_is_written_can_be_read(nano: int, written: Format) -> None:
    assert quantity.parse(str(Quantity(nano, written))).nano == nano
