"""What must have happened to a store, as far as a history tells: which commit took effect at which revision."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from wherry.store.history import Done, History, Refused
from wherry.store.model import Delete, Event, Item, Put


@dataclass(slots=True)
class Truth:
    """``events``: of every revision, in order. ``commits``: what took effect, with its revision. ``violations``: what
    cannot be, found while this was made."""

    events: dict[int, list[Event]] = field(default_factory=dict)
    commits: dict[int, Done] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    versions: dict[str, list[tuple[int, Item | None]]] = field(default_factory=dict)
    revisions: list[int] = field(default_factory=list)

    def at(self, key: str, revision: int) -> Item | None:
        """The item as of the revision."""
        versions = self.versions.get(key, [])
        place = bisect_right(versions, revision, key=lambda version: version[0])
        return versions[place - 1][1] if place else None

    def was(self, key: str, item: Item | None, least: int, most: int) -> bool:
        """Whether that was the key's item as of any revision from ``least`` to ``most``."""
        versions = self.versions.get(key, [])
        place = bisect_right(versions, least, key=lambda version: version[0])
        if (versions[place - 1][1] if place else None) == item:
            return least <= most
        later = itertools.takewhile(lambda version: version[0] <= most, itertools.islice(versions, place, None))
        return any(there == item for _, there in later)

    def between(self, after: int, until: int) -> Iterator[Event]:
        """The events behind ``after`` up to and with ``until``."""
        first, last = (bisect_right(self.revisions, end) for end in (after, until))
        for revision in self.revisions[first:last]:
            yield from self.events[revision]


def replay(history: History) -> Truth:
    """Put every commit that took effect in its place, and do all again."""
    truth = Truth()
    seen = _seen(history)
    _place_acknowledged(history, truth)
    _place_seen(history, seen, truth)
    _place_deletions(history, seen, truth)
    truth.revisions = sorted(truth.commits)
    for revision in truth.revisions:
        _apply(truth, revision, seen.get(revision, {}))
    return truth


def _seen(history: History) -> dict[int, dict[str, Event]]:
    """Revision → key → event, of all watches."""
    seen: dict[int, dict[str, Event]] = {}
    for watch in history.watches:
        for event in watch.events:
            seen.setdefault(event.revision, {}).setdefault(event.key, event)
    return seen


def _puts(commit: Done) -> list[Put]:
    return [operation for operation in commit.call.operations if isinstance(operation, Put)]


def _place_acknowledged(history: History, truth: Truth) -> None:
    """One with a Put certainly changed something."""
    for commit in history.commits:
        if isinstance(commit.outcome, int) and _puts(commit):
            _place(truth, commit.outcome, commit)


def _keys(commit: Done) -> set[str]:
    return {operation.key for operation in commit.call.operations}


def _place(truth: Truth, revision: int, commit: Done) -> None:
    other = truth.commits.setdefault(revision, commit)
    if other is not commit:
        truth.violations.append(f"revision {revision} was given to {other.number} and to {commit.number}")


def _place_seen(history: History, seen: dict[int, dict[str, Event]], truth: Truth) -> None:
    """Values tell which commit an event is of: one whose outcome nobody was told took effect there."""
    by_value = {put.value: commit for commit in history.commits for put in _puts(commit)}
    places = {id(commit): revision for revision, commit in truth.commits.items()}
    for revision in sorted(seen):
        for event in seen[revision].values():
            if event.value is None:
                continue
            commit = by_value.get(event.value)
            if commit is None:
                truth.violations.append(f"invented: nobody put what {event.key} is at revision {revision}")
            elif isinstance(commit.outcome, Refused):
                truth.violations.append(f"{commit.number} was refused, and took effect at revision {revision}")
            elif places.setdefault(id(commit), revision) != revision:
                truth.violations.append(f"{commit.number} took effect at {places[id(commit)]} and at {revision}")
            elif revision not in truth.commits:
                _place(truth, revision, commit)


def _place_deletions(history: History, seen: dict[int, dict[str, Event]], truth: Truth) -> None:
    """Commits that only delete: acknowledged ones where their revision has no other commit, then unknown ones."""
    deletions = [commit for commit in history.commits if commit.call.operations and not _puts(commit)]
    acknowledged = [commit for commit in deletions if isinstance(commit.outcome, int)]
    # Of several the first to be over did it, and the others found nothing left to do.
    for commit in sorted(acknowledged, key=lambda commit: commit.end or 0.0):
        keys = seen.get(commit.outcome, {}).keys()
        if keys and keys <= _keys(commit) and commit.outcome not in truth.commits:
            _place(truth, commit.outcome, commit)
    waiting = [commit for commit in deletions if not commit.is_known]
    times = _Times(truth)
    for revision in sorted(seen.keys() - truth.commits.keys()):
        keys = seen[revision].keys()
        if any(event.value is not None for event in seen[revision].values()):
            continue  # which has been told
        fitting = (one for one in waiting if keys <= _keys(one))
        found = next((one for one in fitting if times.fit(one, revision)), None)
        if found:
            waiting.remove(found)
            _place(truth, revision, found)
        else:
            truth.violations.append(f"invented: nobody did what was told of revision {revision}: {sorted(keys)}")


class _Times:
    """When a revision can have been: after all before it began, and before any behind it was over."""

    def __init__(self, truth: Truth) -> None:
        self._revisions = sorted(truth.commits)
        commits = [truth.commits[revision] for revision in self._revisions]
        self._began = list(itertools.accumulate((commit.start for commit in commits), max))
        ends = (math.inf if commit.end is None else commit.end for commit in reversed(commits))
        self._over = list(itertools.accumulate(ends, min))[::-1]

    def fit(self, commit: Done, revision: int) -> bool:
        at = bisect_right(self._revisions, revision)
        is_late = at > 0 and commit.end is not None and commit.end < self._began[at - 1]
        return not is_late and (at == len(self._over) or commit.start <= self._over[at])


def _apply(truth: Truth, revision: int, seen: dict[str, Event]) -> None:
    commit = truth.commits[revision]
    for compare in commit.call.compares:
        there = truth.at(compare.key, revision)
        if (there.revision if there else 0) != compare.revision:
            truth.violations.append(f"{commit.number} took effect at {revision} though {compare.key} was changed")
    events = []
    for operation in commit.call.operations:
        previous = truth.at(operation.key, revision)
        if isinstance(operation, Delete):
            if previous is None:
                continue
            events.append(Event(operation.key, revision, None, previous.created, previous))
            item = None
        else:
            created = previous.created if previous else revision
            item = Item(operation.key, operation.value, created, revision, operation.lease)
            events.append(Event(operation.key, revision, operation.value, created, previous, operation.lease))
        truth.versions.setdefault(operation.key, []).append((revision, item))
    truth.events[revision] = events
    for event in events:
        if event.key in seen and seen[event.key] != event:
            truth.violations.append(f"{event.key} at revision {revision} was told as {seen[event.key]}, not as {event}")
