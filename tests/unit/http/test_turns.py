"""All is read, then all is answered, then all is sent."""

import asyncio
import logging

import pytest

from wherry.http.turns import MOST_BYTES, Turns


class Talker:
    """Says on a common list what it is told to do."""

    def __init__(self, name: str, said: list[str], answer: bytes | None = b"yes") -> None:
        self._name = name
        self._said = said
        self._answer = answer

    def answer(self) -> bytes | None:
        self._said.append(f"{self._name} answers")
        return self._answer

    def send(self, answer: bytes) -> None:
        self._said.append(f"{self._name} sends {answer.decode()[:9]}")

    def abort(self) -> None:
        self._said.append(f"{self._name} ends")


async def test_who_came_together_is_answered_together_and_in_order() -> None:
    turns, said = Turns(), list[str]()
    for name in ("a", "b", "c"):
        turns.received(Talker(name, said))
        said.append(f"{name} is read")
    await asyncio.sleep(0)
    assert said == [
        "a is read", "b is read", "c is read",
        "a answers", "b answers", "c answers",
        "a sends yes", "b sends yes", "c sends yes",
    ]  # fmt: skip


async def test_an_answer_that_comes_later_goes_with_those_of_its_turn() -> None:
    turns, said = Turns(), list[str]()
    late = Talker("late", said, None)
    turns.received(late)
    await asyncio.sleep(0)
    assert said == ["late answers"]
    turns.answered(late, b"at last")
    turns.received(Talker("next", said))
    assert said == ["late answers"]
    await asyncio.sleep(0)
    assert said[1:] == ["next answers", "late sends at last", "next sends yes"]
    await asyncio.sleep(0)
    assert len(said) == 4


async def test_what_comes_of_an_answer_is_for_the_next_turn() -> None:
    turns, said = Turns(), list[str]()

    class Again(Talker):
        def send(self, answer: bytes) -> None:
            super().send(answer)
            if len(said) < 4:
                turns.received(self)

    turns.received(Again("a", said))
    for _ in range(3):
        await asyncio.sleep(0)
    assert said == ["a answers", "a sends yes"] * 2


@pytest.mark.parametrize("method", ["answer", "send"])
async def test_a_fault_is_the_end_of_one_and_no_others(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns, said = Turns(), list[str]()
    parties = [Talker(name, said) for name in ("a", "b", "c")]

    def fault(*_: object) -> None:
        raise RuntimeError("broken")

    for each in parties:
        turns.received(each)
    monkeypatch.setattr(parties[1], method, fault)
    with caplog.at_level(logging.ERROR):
        await asyncio.sleep(0)
    assert [each for each in said if each.startswith("b")] == (
        ["b ends"] if method == "answer" else ["b answers", "b ends"]
    )
    assert {"a sends yes", "c sends yes"} <= set(said)
    assert "broken" in caplog.text


async def test_long_answers_are_not_kept_for_all_the_others() -> None:
    turns, said = Turns(), list[str]()
    for name in ("a", "b", "c"):
        turns.received(Talker(name, said, b"x" * (MOST_BYTES // 2 + 1)))
    await asyncio.sleep(0)
    assert said == [
        "a answers",
        "b answers",
        "a sends xxxxxxxxx",
        "b sends xxxxxxxxx",
        "c answers",
        "c sends xxxxxxxxx",
    ]
