"""What commits do inside a transaction; the rest is in the suite of all stores."""

from collections.abc import Iterator

import apsw
import pytest

from wherry.kit.errors import NotFound
from wherry.store.model import Compare, Delete, Mismatch, Put
from wherry.store.sqlite import transaction as module
from wherry.store.sqlite.integrity import check
from wherry.store.sqlite.schema import migrate, read_state
from wherry.store.sqlite.transaction import Transaction


@pytest.fixture
def transaction() -> Iterator[Transaction]:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    yield Transaction(connection, read_state(connection), 2)
    connection.close()


def count(transaction: Transaction, table: str) -> int:
    ((number,),) = transaction.connection.execute(f"SELECT count(*) FROM {table}")
    return int(number)


def test_a_commit_sees_those_before_it_in_the_same_transaction(transaction: Transaction) -> None:
    assert transaction.commit([Compare("/a", 0)], [Put("/a", b"1")]) == 2
    with pytest.raises(Mismatch):
        transaction.commit([Compare("/a", 0)], [Put("/a", b"2")])
    assert transaction.commit([Compare("/a", 2)], [Put("/a", b"3")]) == 3
    assert [(event.revision, event.value) for event in transaction.events] == [(2, b"1"), (3, b"3")]


def test_what_is_refused_leaves_nothing(transaction: Transaction) -> None:
    for compares, operations in (
        ([Compare("/a", 7)], [Put("/a", b"")]),
        ([], [Put("/a", b""), Put("/b", b"", 7)]),
    ):
        with pytest.raises((Mismatch, NotFound)):
            transaction.commit(compares, operations)
    assert not transaction.is_dirty
    assert [count(transaction, table) for table in ("contents", "events", "items")] == [0, 0, 0]


def test_what_changes_nothing_is_not_dirty(transaction: Transaction) -> None:
    assert transaction.commit([Compare("/a", 0)], [Delete("/a")]) == 1
    assert not transaction.is_dirty
    assert transaction.revoke(7)
    assert not transaction.is_dirty


def test_many_items_of_a_lease_go_by_several_commits(transaction: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REVOKED_AT_ONCE", 4)
    lease = transaction.grant(60)
    transaction.commit([], [Put(f"/{number}", b"", lease) for number in range(10)])
    ends = [transaction.revoke(lease) for _ in range(3)]
    assert ends == [False, False, True]
    assert transaction.state.revision == 5
    assert count(transaction, "items") == 0
    assert count(transaction, "leases") == 0


def test_leases_are_never_given_twice(transaction: Transaction) -> None:
    first = transaction.grant(60)
    transaction.revoke(first)
    assert transaction.grant(60) > first


def test_forgetting_keeps_what_is_current_and_is_whole_after_every_step(transaction: Transaction) -> None:
    for number in range(10):
        transaction.commit([], [Put("/hot", b"%d" % number), Put(f"/cold/{number}", b"")])
    transaction.commit([], [Delete("/cold/0")])
    transaction.mark_compacted(transaction.state.revision)
    ends = []
    while not ends or not ends[-1]:
        ends.append(transaction.forget(4))
        for statement, bindings in transaction.later:
            transaction.connection.execute(statement, bindings)
        transaction.later.clear()
        transaction.finish()
        check(transaction.connection)
    assert ends == [False] * 5 + [True]
    assert [count(transaction, table) for table in ("contents", "events", "items")] == [10, 0, 10]


def test_compacting_does_not_go_back(transaction: Transaction) -> None:
    transaction.commit([], [Put("/a", b"")])
    transaction.mark_compacted(2)
    transaction.is_dirty = False
    transaction.mark_compacted(1)
    assert transaction.state.compacted == 2
    assert not transaction.is_dirty
