"""The store in memory, by the contract."""

from collections.abc import AsyncIterator

import pytest

from tests.suites.store import StoreSuite
from tests.suites.storemachine import compare_with_model
from wherry.store.memory import MemoryStore
from wherry.store.model import FIRST_REVISION, Put, Store


async def opened() -> Store:
    return MemoryStore()


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = MemoryStore()
        yield store
        await store.aclose()


def test_it_does_what_a_naive_model_does() -> None:
    compare_with_model(opened, examples=150, steps=40)


async def test_its_first_commit_follows_the_first_revision() -> None:
    store = MemoryStore()
    assert await store.revision() == FIRST_REVISION
    assert await store.commit([], [Put("/a", b"")]) == FIRST_REVISION + 1
