"""Times as Docker writes them."""

from wherry.dockerapi.times import stamp


def test_nine_digits_in_utc() -> None:
    assert stamp(1_700_000_000_000_000_001) == "2023-11-14T22:13:20.000000001Z"


def test_never() -> None:
    assert stamp(0) == "0001-01-01T00:00:00Z"
