"""Questions to the tables: what the suite of all stores does not ask."""

from collections.abc import Iterator

import apsw
import pytest

from wherry.store.model import Corrupt, Delete, Put
from wherry.store.sqlite.reader import Reader
from wherry.store.sqlite.schema import first_place, migrate, read_state
from wherry.store.sqlite.transaction import Transaction


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    """Revision n + 2 puts /n, 12 and 13 delete /0 and put /1 again."""
    connection = apsw.Connection(":memory:")
    migrate(connection)
    transaction = Transaction(connection, read_state(connection), 2)
    for number in range(10):
        transaction.commit([], [Put(f"/{number}", b"%d" % number)])
    transaction.commit([], [Delete("/0")])
    transaction.commit([], [Put("/1", b"again")])
    transaction.finish()
    yield connection
    connection.close()


@pytest.fixture
def reader(connection: apsw.Connection) -> Reader:
    return Reader(connection)


def keys(items: "list[object]") -> list[str]:
    return [item.key for item in items]  # type: ignore[attr-defined]


def test_a_range_without_an_end_goes_to_the_last_key(reader: Reader) -> None:
    assert keys(reader.now("/8", None, -1)) == ["/8", "/9"]  # type: ignore[arg-type]
    assert keys(reader.then("/8", None, -1, 10)) == ["/8"]  # type: ignore[arg-type]


def test_the_past_is_counted(reader: Reader) -> None:
    assert [reader.count("/", None, revision) for revision in (1, 2, 11, 12, 13)] == [0, 1, 10, 9, 9]


def test_a_window_ends_with_a_commit(connection: apsw.Connection) -> None:
    reader = Reader(connection)
    assert reader.window(1, 13, 4) == 5
    assert reader.window(5, 7, 4) == 7
    assert reader.window(13, 13, 4) == 13


@pytest.mark.parametrize(
    "damage",
    [
        f"UPDATE contents SET value = x'00' WHERE place IN ({first_place(3)}, {first_place(2)})",
        f"DELETE FROM contents WHERE place IN ({first_place(3)}, {first_place(2)})",
    ],
)
def test_damage_is_not_served(connection: apsw.Connection, damage: str) -> None:
    connection.execute(damage)
    reader = Reader(connection)
    with pytest.raises(Corrupt):
        reader.then("/1", "/2", -1, 12)
    for after, until in ((1, 2), (2, 3), (11, 12), (12, 13)):
        with pytest.raises(Corrupt):
            reader.events("", None, after, until)
    assert reader.now("/1", "/2", -1)[0].value == b"again"
