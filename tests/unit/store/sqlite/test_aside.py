"""The reader on a thread."""

import asyncio
import threading
from pathlib import Path

import pytest

from wherry.store.model import Put
from wherry.store.sqlite import open_store
from wherry.store.sqlite import store as module
from wherry.store.sqlite.aside import Aside


async def test_questions_are_answered_on_its_thread_one_at_a_time(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    aside = Aside(tmp_path / "state")
    threads = await asyncio.gather(*(aside.ask(lambda reader: threading.get_ident()) for _ in range(10)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    assert (await aside.ask(lambda reader: reader.state())).revision == await store.revision()
    await aside.aclose()
    await aside.aclose()
    await store.aclose()


async def test_what_a_question_raises_is_raised(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    aside = Aside(tmp_path / "state")

    def fails(reader: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await aside.ask(fails)
    await aside.aclose()
    await store.aclose()


async def test_the_far_past_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "state")
    for number in range(20):
        await store.commit([], [Put(f"/{number % 7}", b"%d" % number)])
    near = [await store.range("/", after="/1", limit=3, revision=revision) for revision in range(2, 21)]
    items = [await store.get("/3", revision) for revision in range(2, 21)]
    monkeypatch.setattr(module, "_FAR", -1)
    assert near == [await store.range("/", after="/1", limit=3, revision=revision) for revision in range(2, 21)]
    assert items == [await store.get("/3", revision) for revision in range(2, 21)]
    assert [item and item.value for item in items[:4]] == [None, None, None, b"3"]
    await store.aclose()
