"""The formats of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.schema.formats import fits, is_known

RIGHT = {
    "bsonobjectid": ["507f1f77bcf86cd799439011"],
    "uri": ["http://a/b?c", "/path", "mailto:me", "https://user@host:80/x%20y"],
    "email": ["a@b.c", "Some One <some.one@host>", '"quoted"@host'],
    "hostname": ["localhost", "a-b", "some.example.com", "1.example.com", "bücher.example"],
    "ipv4": ["1.2.3.4"],
    "ipv6": ["::1", "::ffff:1.2.3.4"],
    "cidr": ["10.0.0.0/8", "10.1.2.3/16", "fd00::/64"],
    "mac": ["01:23:45:67:89:ab", "01-23-45-67-89-AB", "0123.4567.89ab"],
    "uuid": ["a987fbc9-4bed-3078-cf07-9141ba07c9f3", "A987FBC94BED3078CF079141BA07C9F3"],
    "uuid3": ["a987fbc9-4bed-3078-cf07-9141ba07c9f3"],
    "uuid4": ["57b73598-8764-4ad0-a76a-679bb6640eb1"],
    "uuid5": ["987fbc97-4bed-5078-af07-9141ba07c9f3"],
    "isbn": ["0321751043", "978-0321751041"],
    "isbn10": ["0321751043"],
    "isbn13": ["978-0321751041"],
    "creditcard": ["4111-1111-1111-1111"],
    "ssn": ["111-11-1111"],
    "hexcolor": ["#FFFFFF", "abc"],
    "rgbcolor": ["rgb(255, 0, 12)"],
    "byte": ["YWJj", "YQ=="],
    "password": ["", "anything"],
    "date": ["2024-02-29"],
    "date-time": ["2006-01-02T15:04:05Z", "2006-01-02t15:04:05.123+02:00"],
    "datetime": ["2006-01-02T15:04:05Z"],
    "duration": ["1h30m", "22 ns", "2 days", "0", "1.5s", "-3m"],
    "quantity": ["10Gi", "100m"],
    "k8s-short-name": ["a-b"],
    "k8s-long-name": ["a.b-c"],
}
WRONG = {
    "bsonobjectid": ["507f1f77bcf86cd79943901", ""],
    "uri": ["", "no-scheme", "a b", "/%zz"],
    "email": ["", "a", "a@", "@b", "a@b..c"],
    "hostname": ["", "-a", "a-", "a_b", "a..b", "x" * 64, "a.b-"],
    "ipv4": ["1.2.3", "1.2.3.04", "::1"],
    "ipv6": ["1.2.3.4", "fe80::1%eth0"],
    "cidr": ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/a"],
    "mac": ["01:23:45:67:89", "01:23-45:67:89:ab"],
    "uuid": ["a987fbc9-4bed-3078-cf07-9141ba07c9"],
    "uuid3": ["a987fbc9-4bed-4078-8f07-9141ba07c9f3"],
    "uuid4": ["57b73598-8764-4ad0-c76a-679bb6640eb1"],
    "uuid5": ["57b73598-8764-4ad0-a76a-679bb6640eb1"],
    "isbn10": ["0321751044", "978-0321751041"],
    "isbn13": ["978-0321751042"],
    "isbn": ["123"],
    "creditcard": ["4111-1111-1111-1112"],
    "ssn": ["111111111", "11-111-1111"],
    "hexcolor": ["#FFFF"],
    "rgbcolor": ["rgb(256,0,0)"],
    "byte": ["", "YQ", "Y Q="],
    "date": ["2023-02-29", "2024-1-1"],
    "date-time": ["2006-01-02", "2006-01-02T24:00:00Z", "2006-01-02T15:04:05"],
    "duration": ["", "fast", "5 parsecs", "1h30"],
    "quantity": ["", "ten"],
    "k8s-short-name": ["A", "a.b"],
    "k8s-long-name": ["-a"],
}


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in RIGHT.items() for text in texts])
def test_a_text_with_the_format_fits(form: str, text: str) -> None:
    assert is_known(form, "string")
    assert fits(form, text)


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in WRONG.items() for text in texts])
def test_a_text_without_it_does_not(form: str, text: str) -> None:
    assert not fits(form, text)


def test_a_format_that_nobody_knows_is_not_checked() -> None:
    assert fits("colour-of-the-sea", "any")
    assert not is_known("colour-of-the-sea", "string")


def test_numbers_have_formats_of_their_own() -> None:
    assert is_known("int32", "integer") and is_known("double", "number")
    assert not is_known("int32", "string") and not is_known("date", "integer") and not is_known("byte", "object")


@given(st.sampled_from(sorted(RIGHT)), st.text())
def test_any_text_fits_or_does_not(form: str, text: str) -> None:
    assert fits(form, text) in (True, False)


@pytest.mark.parametrize("form", sorted(RIGHT))
@pytest.mark.parametrize("text", ["1" * 200_000, "a." * 100_000, "1 " * 100_000, "a@" * 100_000, "=" * 200_000])
def test_no_text_takes_long(form: str, text: str) -> None:
    """Quadratic time would run into the test's time limit."""
    fits(form, text)
