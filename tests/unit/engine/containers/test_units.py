"""Docker's ways to write sizes and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.units import DETACH_KEYS, detach_keys, size_bytes
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10", 10), ("10b", 10), ("10k", 10240), ("10KB", 10240), ("1.5m", 1572864), ("2GiB", 2 << 30), ("-1", 0)],
)
def test_sizes_are_read_as_docker_reads_them(text: str, expected: int) -> None:
    assert size_bytes(text, "max-size") == expected


@pytest.mark.parametrize("text", ["", "x", "10x", "-2", "k", "1..5k", "10 0"])
def test_what_is_no_size_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid, match="invalid value for max-size: invalid size"):
        size_bytes(text, "max-size")


@given(st.integers(0, 1 << 40))
def test_a_plain_number_is_its_bytes(number: int) -> None:
    assert size_bytes(str(number), "x") == number == size_bytes(f"{number}b", "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, DETACH_KEYS), ("", DETACH_KEYS), ("ctrl-p,ctrl-q", b"\x10\x11"), ("a,ctrl-@,ctrl-]", b"a\x00\x1d")],
)
def test_detach_keys(text: str | None, expected: bytes) -> None:
    assert detach_keys(text) == expected


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "é", "a,,b"])
def test_unknown_keys_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Invalid detach keys"):
        detach_keys(text)


@given(st.lists(st.sampled_from("abcxyz019"), min_size=1), st.lists(st.integers(1, 26), min_size=1))
def test_each_key_is_one_byte(letters: list[str], controls: list[int]) -> None:
    words = [*letters, *(f"ctrl-{chr(code + 96)}" for code in controls)]
    assert detach_keys(",".join(words)) == "".join(letters).encode() + bytes(controls)


@given(st.text(max_size=30))
def test_any_text_is_keys_or_refused(text: str) -> None:
    try:
        assert detach_keys(text)
    except Invalid:
        pass
