"""Judges a history: nothing acknowledged may be lost, nothing happen twice, in another order, or out of nothing.

What is promised: commits are strictly serializable, in the order of their revisions; reads are linearizable, or exact
for a revision; a watch is given every event once, in order, commits whole.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from wherry.store.history import Done, Failed, History, Refused, Watched
from wherry.store.model import Event, Item, Page
from wherry.store.replay import Truth, replay


def check(history: History) -> list[str]:
    """What is wrong, in words; empty: nothing is."""
    truth = replay(history)
    clock = _Clock(history, truth)
    return [
        *truth.violations,
        *_order(truth, clock),
        *_nothing_done(history, truth, clock),
        *(violation for watch in history.watches for violation in _watch(watch, truth)),
        *(violation for get in history.gets for violation in _get(get, truth, clock)),
        *(violation for listing in history.ranges for violation in _range(listing, truth, clock)),
        *_refusals(history, truth, clock),
    ]


class _Clock:
    """Which revisions must, and which may, have been at a moment."""

    def __init__(self, history: History, truth: Truth) -> None:
        known = [(done.end, revision) for revision, done in truth.commits.items() if done.end is not None]
        for done in history.commits:
            if isinstance(done.outcome, int) and done.end is not None:
                known.append((done.end, done.outcome))
        for done in history.ranges:
            if isinstance(done.outcome, Page) and done.end is not None:
                known.append((done.end, done.outcome.revision))
        known.sort()
        self._first = history.first
        self._revisions = truth.revisions
        self._ends = [end for end, _ in known]
        self._known = list(accumulate((revision for _, revision in known), max))
        starts = sorted((done.start, revision) for revision, done in truth.commits.items())
        self._starts = [start for start, _ in starts]
        self._begun = list(accumulate((revision for _, revision in starts), max))

    def least(self, at: float) -> int:
        """The newest revision that somebody had been told of before then."""
        place = bisect_left(self._ends, at)
        return self._known[place - 1] if place else 0

    def most(self, at: float | None) -> int:
        """The newest revision of a commit that had been begun."""
        place = len(self._starts) if at is None else bisect_right(self._starts, at)
        return max(self._begun[place - 1] if place else 0, self._first)

    def can_be(self, revision: int, done: Done) -> bool:
        """Whether it can have been the newest while the call was under way. Others may have written, too: then it is
        of no commit of the history."""
        place = bisect_right(self._revisions, revision)
        last = self._revisions[place - 1] if place else 0
        return self.least(done.start) <= revision and last <= self.most(done.end)


def _order(truth: Truth, clock: _Clock) -> Iterator[str]:
    for revision, done in truth.commits.items():
        least = clock.least(done.start)
        if revision <= least:
            yield f"{done.number} got revision {revision} when {least} had been told of"


def _nothing_done(history: History, truth: Truth, clock: _Clock) -> Iterator[str]:
    """Commits that say that there was nothing to do."""
    for done in history.commits:
        if not isinstance(done.outcome, int) or truth.commits.get(done.outcome) is done:
            continue
        there = [key for key in (one.key for one in done.call.operations) if truth.at(key, done.outcome) is not None]
        if there:
            yield f"lost: {done.number} was acknowledged as {done.outcome}, and {there[0]} is as if it had not been"
        elif not clock.can_be(done.outcome, done):
            yield f"{done.number} changed nothing, but as of revision {done.outcome}"


def _watch(watch: Watched, truth: Truth) -> Iterator[str]:
    given = watch.events
    until = max(watch.until, given[-1].revision if given else 0)
    expected = [event for event in truth.between(watch.call.after, until) if event.key.startswith(watch.call.prefix)]
    if given != expected:
        yield from (f"watch {watch.number}: {violation}" for violation in _difference(given, expected))
    for call, following in zip(watch.calls, watch.calls[1:], strict=False):
        if call and following and call[-1].revision == following[0].revision:
            yield f"watch {watch.number}: the commit {call[-1].revision} was given in parts"


def _difference(given: list[Event], expected: list[Event]) -> Iterator[str]:
    ours = Counter((event.revision, event.key) for event in given)
    theirs = Counter((event.revision, event.key) for event in expected)
    for place in sorted(theirs - ours):
        yield f"lost: {place}"
    for place in sorted(ours - theirs):
        yield f"{'given twice' if place in theirs else 'invented'}: {place}"
    if ours == theirs:
        first = next((one, two) for one, two in zip(given, expected, strict=True) if one != two)
        yield f"reordered or changed: {first[0]} in place of {first[1]}"


def _get(done: Done, truth: Truth, clock: _Clock) -> Iterator[str]:
    if isinstance(done.outcome, Failed):
        yield from _not_yet(done, clock)
    if not done.is_known or isinstance(done.outcome, Failed):
        return
    if done.call.revision:
        least = most = done.call.revision
    else:
        least, most = clock.least(done.start), clock.most(done.end)
    if not truth.was(done.call.key, done.outcome, least, most):
        yield f"{done.number}: {done.call.key} was never {_shown(done.outcome)} from revision {least} to {most}"


def _not_yet(done: Done, clock: _Clock) -> Iterator[str]:
    if done.outcome.is_future and done.call.revision <= clock.least(done.start):
        yield f"{done.number}: revision {done.call.revision} was told of, and then said to be of the future"


def _shown(item: Item | None) -> str:
    return "absent" if item is None else f"{item.value!r} of {item.revision}"


def _range(done: Done, truth: Truth, clock: _Clock) -> Iterator[str]:
    page = done.outcome
    if isinstance(page, Failed):
        yield from _not_yet(done, clock)
    if not isinstance(page, Page):
        return
    if page.revision != done.call.revision if done.call.revision else not clock.can_be(page.revision, done):
        least, most = clock.least(done.start), clock.most(done.end)
        yield f"{done.number}: a state of {page.revision}, not of {done.call.revision or f'{least} to {most}'}"
    keys = [key for key in sorted(truth.versions) if key.startswith(done.call.prefix) and key > done.call.after]
    items = [item for key in keys if (item := truth.at(key, page.revision)) is not None]
    kept = items[: done.call.limit or None]
    if list(page.items) != kept:
        wrong = {item.key for item in {*page.items} ^ {*kept}} or {"the order"}
        yield f"{done.number}: the state of {page.revision} was another: {', '.join(sorted(wrong)[:5])}"
    if page.remaining != len(items) - len(kept):
        yield f"{done.number}: {len(items) - len(kept)} are left out, not {page.remaining}"


def _refusals(history: History, truth: Truth, clock: _Clock) -> Iterator[str]:
    for done in history.commits:
        refused = done.outcome
        if not isinstance(refused, Refused):
            continue
        compare = next((one for one in done.call.compares if one.key == refused.key), None)
        found = refused.item.revision if refused.item else 0
        if compare is None or all(one.revision == found for one in done.call.compares if one.key == refused.key):
            yield f"{done.number} was refused for no reason"
        elif not truth.was(refused.key, refused.item, clock.least(done.start), clock.most(done.end)):
            yield f"{done.number} was refused for what never was: {refused.key} {_shown(refused.item)}"
