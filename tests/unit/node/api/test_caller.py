"""What is said to clients, and heard of their terminals."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.node.api.caller import Size, Sizes, encoded, exited, failed, success


@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(1, 65535)), min_size=1, max_size=5), st.data())
def test_sizes_are_read_however_they_arrive(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    sent = "".join(json.dumps({"Width": width, "Height": height}) + "\n" for width, height in sizes).encode()
    cut = data.draw(st.integers(0, len(sent)))
    reader = Sizes()
    found = reader.feed(sent[:cut]), reader.feed(sent[cut:])
    assert (found[1] or found[0]) == Size(*sizes[-1])


@pytest.mark.parametrize(
    "sent",
    ['{"Width":0,"Height":5}', '{"Width":5}', '{"Width":"5","Height":5}', "[]", "5", '{"Width":99999,"Height":5}'],
)
def test_what_is_no_size_is_dropped(sent: str) -> None:
    reader = Sizes()
    assert reader.feed(sent.encode()) is None
    assert reader.feed(b' {"width":80,"height":24}') == Size(80, 24)


@given(st.binary(max_size=50))
def test_whatever_comes_is_read_or_dropped(sent: bytes) -> None:
    Sizes().feed(sent)


def test_a_size_without_an_end_is_not_kept_for_ever() -> None:
    reader = Sizes()
    for _ in range(100):
        reader.feed(b'{"Width":' + b" " * 100)
    assert len(reader._text) < 5000


def test_how_a_process_ended_is_a_status_with_its_code() -> None:
    assert exited(0) == success() == {"metadata": {}, "status": "Success"}
    told = json.loads(encoded(exited(3), structured=True))
    assert told["status"] == "Failure" and told["reason"] == "NonZeroExitCode"
    assert told["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]
    assert "command terminated with exit code 3" in told["message"]


def test_a_failure_is_an_internal_error_in_words() -> None:
    told = failed("no such command")
    assert (told["code"], told["message"]) == (500, "Internal error occurred: no such command")


def test_before_the_fourth_version_there_are_words_alone() -> None:
    assert encoded(success(), structured=False) == b""
    assert encoded(failed("x"), structured=False) == b"Internal error occurred: x"
