"""What must have happened, by what is known."""

from wherry.store.history import CommitCall, Done, History, Refused, WatchCall, Watched
from wherry.store.model import Compare, Delete, Event, Item, Operation, Put
from wherry.store.replay import replay


def commit(number: str, *operations: Operation, outcome: object = None, compares: tuple[Compare, ...] = ()) -> Done:
    return Done(number, CommitCall(compares, operations), 0, 1, outcome, outcome is not None)


def seen(*events: Event) -> list[Watched]:
    return [Watched("w", WatchCall("", 1), [(event,) for event in events])]


ITEM = Item("/a", b"1", 2, 2)
PUT, DELETED = Event("/a", 2, b"1", 2), Event("/a", 3, None, 2, ITEM)


def test_what_was_acknowledged_has_its_place() -> None:
    truth = replay(History([commit("a", Put("/a", b"1"), outcome=2), commit("b", Put("/a", b"2"), outcome=5)]))
    assert truth.violations == []
    assert [truth.at("/a", revision) for revision in (1, 2, 4, 5)] == [None, ITEM, ITEM, Item("/a", b"2", 2, 5)]
    assert [truth.was("/a", ITEM, *span) for span in ((1, 1), (1, 2), (3, 4), (4, 5), (5, 9))] == [0, 1, 1, 1, 0]
    assert [truth.was("/a", None, *span) for span in ((1, 1), (1, 9), (2, 9))] == [1, 1, 0]
    assert truth.was("/b", None, 7, 7)
    assert not truth.was("/a", ITEM, 4, 3)
    assert [event.revision for event in truth.between(1, 5)] == [2, 5]
    assert [event.revision for event in truth.between(2, 4)] == []


def test_what_nobody_was_told_of_is_placed_by_what_was_seen() -> None:
    history = History([commit("b", Delete("/a")), commit("a", Put("/a", b"1"))], watches=seen(PUT, DELETED))
    truth = replay(history)
    assert truth.violations == []
    assert {revision: done.number for revision, done in truth.commits.items()} == {2: "a", 3: "b"}
    assert truth.events == {2: [PUT], 3: [DELETED]}


def test_what_was_not_seen_did_not_happen() -> None:
    assert replay(History([commit("a", Put("/a", b"1"))])).commits == {}


def test_a_revision_that_was_given_twice() -> None:
    history = History([commit("a", Put("/a", b"1"), outcome=2), commit("b", Put("/a", b"2"), outcome=2)])
    assert replay(history).violations == ["revision 2 was given to a and to b"]


def test_what_nobody_did() -> None:
    (violation,) = replay(History([], watches=seen(PUT))).violations
    assert "invented" in violation
    (violation,) = replay(History([commit("a", Put("/a", b"1"), outcome=2)], watches=seen(PUT, DELETED))).violations
    assert "invented" in violation


def test_what_was_refused_and_done() -> None:
    history = History([commit("a", Put("/a", b"1"), outcome=Refused("/a", None))], watches=seen(PUT))
    assert "a was refused, and took effect at revision 2" in replay(history).violations


def test_what_was_done_though_it_should_have_been_refused() -> None:
    history = History([commit("a", Put("/a", b"1"), outcome=2, compares=(Compare("/a", 1),))])
    assert replay(history).violations == ["a took effect at 2 though /a was changed"]


def test_what_was_done_twice() -> None:
    again = Event("/a", 3, b"1", 2, ITEM)
    history = History([commit("a", Put("/a", b"1"), outcome=2)], watches=seen(PUT, again))
    assert "a took effect at 2 and at 3" in replay(history).violations


def test_of_two_deletions_with_unknown_ends_the_one_that_was_under_way_then_is_taken() -> None:
    early, late = commit("early", Delete("/a")), commit("late", Delete("/a"))
    put, after = commit("put", Put("/a", b"1"), outcome=2), commit("after", Put("/b", b"2"), outcome=4)
    early.start, early.end, put.start, put.end = 0, 1, 2, 3
    late.start, late.end, after.start, after.end = 4, 9, 5, 6
    truth = replay(History([early, late, put, after], watches=seen(PUT, DELETED)))
    assert truth.commits[3] is late
    late.start = 7
    assert "invented" in replay(History([early, late, put, after], watches=seen(PUT, DELETED))).violations[0]


def test_of_two_deletions_with_one_revision_the_one_that_found_something_is_taken() -> None:
    put = commit("put", Put("/a", b"1"), outcome=2)
    other = commit("other", Delete("/b"), outcome=3)
    second, first = commit("second", Delete("/a"), outcome=3), commit("first", Delete("/a"), outcome=3)
    first.end, second.start, second.end = 2, 3, 4
    truth = replay(History([put, other, second, first], watches=seen(PUT, DELETED)))
    assert truth.violations == []
    assert truth.commits[3] is first
