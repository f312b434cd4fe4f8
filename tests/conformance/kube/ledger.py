"""Clients of the API that write and watch while its processes are killed, and what must hold of what they saw.

Each object has one writer, and each value is written once: so it is known what an object must be, but for what was
asked and not answered. That may be, or come to be, until another write of the object is acknowledged.
"""

import http.client
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import APPLY, JSON, JSON_PATCH, Document, Web

PATH = "/api/v1/namespaces/default/configmaps"
OURS = "labelSelector=of%3Dledger"
_LOST = (OSError, http.client.HTTPException)


class Ledger:
    """What was acknowledged and what is not known, of all writers. ``wrong``: what must not have been."""

    def __init__(self) -> None:
        self.acknowledged: dict[int, tuple[str, str]] = {}
        self.deletions = 0
        self.unanswered = 0
        self.wrong: list[str] = []
        self._now: dict[str, tuple[str, int]] = {}
        self._pending: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def value(self, name: str) -> tuple[str, int] | None:
        """What an object is, with its revision; None: it is not there."""
        return self._now.get(name)

    def did(self, name: str, value: str, obj: Document) -> None:
        """It was acknowledged, or seen. Empty: it is deleted."""
        with self._lock:
            self._pending.pop(name, None)
            self._now.pop(name, None)
            if not value:
                self.deletions += 1
                return
            revision = int(obj["metadata"]["resourceVersion"])
            if revision in self.acknowledged:
                self.wrong.append(f"revision {revision} of {self.acknowledged[revision]} was given to {name} {value}")
            self._now[name] = (value, revision)
            self.acknowledged[revision] = (name, value)

    def may_have_done(self, name: str, value: str) -> None:
        with self._lock:
            self.unanswered += 1
            self._pending.setdefault(name, []).append(value)

    def was_refused(self, name: str, why: str) -> None:
        """Which must be for something that was not answered and came to be."""
        if not self._pending.get(name):
            self.wrong.append(f"{name} was {self._now.get(name)}: {why}")

    def settle(self, web: Web) -> None:
        """Look at all objects: each is what it must be, or may be. Nobody writes meanwhile."""
        listed = {each["metadata"]["name"]: each for each in web.get(f"{PATH}?{OURS}").ok()["items"]}
        for name in {*listed, *self._now, *self._pending}:
            found = listed.get(name)
            value = found["data"]["v"] if found else ""
            known, revision = self._now.get(name, ("", 0))
            if value in self._pending.get(name, ()):
                self.did(name, value, found)
            elif value != known or (found and int(found["metadata"]["resourceVersion"]) != revision):
                self.wrong.append(f"{name} is {value!r} and was {known!r}, perhaps {self._pending.get(name)}")


class Writer(threading.Thread):
    """Writes its objects until it is told to stop, or gets no answer."""

    def __init__(self, ledger: Ledger, web: Web, number: int, chance: random.Random, values: Iterator[int]) -> None:
        super().__init__()
        self._ledger = ledger
        self._web = web
        self._names = [f"ledger-{number}-{each}" for each in range(3)]
        self._chance = chance
        self._values = values
        self.ends = threading.Event()

    def run(self) -> None:
        while not self.ends.is_set() and self._write(self._chance.choice(self._names)):
            pass
        self._web.close()

    def _write(self, name: str) -> bool:
        known = self._ledger.value(name)
        value = "" if known and self._chance.random() < 0.2 else f"{name}.{next(self._values)}"
        try:
            answer = self._web.send(*self._request(name, known, value))
        except _LOST:
            self._ledger.may_have_done(name, value)
            return False
        if answer.code >= 500:
            self._ledger.may_have_done(name, value)
        elif answer.code >= 400:
            self._ledger.was_refused(name, answer.text)
        else:
            self._ledger.did(name, value, answer.json)
        return answer.code < 400

    def _request(self, name: str, known: tuple[str, int] | None, value: str) -> tuple[str, str, Document, str]:
        obj: Document = {"metadata": {"name": name, "labels": {"of": "ledger"}}, "data": {"v": value}}
        if known is None:
            return "POST", PATH, obj, JSON
        path = f"{PATH}/{name}"
        if not value:
            return "DELETE", path, None, JSON
        new = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(known[1])}}
        test = {"op": "test", "path": "/data/v", "value": known[0]}
        return self._chance.choice([
            ("PUT", path, new, JSON),
            ("PATCH", path, [test, {"op": "replace", "path": "/data/v", "value": value}], JSON_PATCH),
            ("PATCH", f"{path}?fieldManager=w&force=true", {"apiVersion": "v1", "kind": "ConfigMap", **obj}, APPLY),
        ])  # fmt: skip


class Watcher(threading.Thread):
    """Watches all of it, comes back to where it was, and writes down what it is told. ``restless``: soon and often."""

    def __init__(self, control: Control, revision: int, restless: bool) -> None:
        super().__init__(daemon=True)
        self.control: Control | None = control
        self.revision = revision
        self.told: list[tuple[int, str, str, str]] = []
        self.wrong: list[str] = []
        self._seconds = 1 if restless else 30
        self._ends = threading.Event()

    def run(self) -> None:
        while not self._ends.wait(0.02):
            control = self.control
            try:
                if control is not None:
                    self._watch(control.web())
            except (*_LOST, AssertionError):  # no answer, or 503
                continue

    def _watch(self, web: Web) -> None:
        query = f"{OURS}&resourceVersion={self.revision}&timeoutSeconds={self._seconds}&allowWatchBookmarks=true"
        with web.watch(f"{PATH}?{query}") as watch:
            while (event := watch.next()) is not None and event["type"] != "ERROR":
                self._take(event["type"], event["object"])

    def _take(self, kind: str, obj: Document) -> None:
        revision = int(obj["metadata"]["resourceVersion"])
        if revision < self.revision or (revision == self.revision and kind != "BOOKMARK"):
            self.wrong.append(f"{kind} of revision {revision} behind {self.revision}")
        if kind != "BOOKMARK":
            self.told.append((revision, kind, obj["metadata"]["name"], obj["data"]["v"]))
        self.revision = revision  # the last: who waits for it then reads what was told

    def end(self) -> None:
        self._ends.set()


@contextmanager
def writing(ledger: Ledger, control: Control, chance: random.Random, values: Iterator[int]) -> Iterator[None]:
    """Twelve writers; at the end of the block they are told to stop, and have."""
    writers = [Writer(ledger, control.web(), number, random.Random(chance.random()), values) for number in range(12)]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        for writer in writers:
            writer.ends.set()
        for writer in writers:
            writer.join()


def judge(ledger: Ledger, watchers: list[Watcher], web: Web) -> None:
    """All have been told of all, and of nothing else, in the same order."""
    last = {"metadata": {"name": "ledger-end", "labels": {"of": "ledger"}}, "data": {"v": "end"}}
    end = int(web.post(PATH, last).ok()["metadata"]["resourceVersion"])
    wait_until(lambda: all(each.revision >= end for each in watchers), "all watchers are told of the end")
    for watcher in watchers:
        watcher.end()
        assert watcher.wrong == []
        assert watcher.told == watchers[0].told
    told = {revision: (name, value) for revision, _, name, value in watchers[0].told}
    assert {revision: told.get(revision) for revision in ledger.acknowledged} == ledger.acknowledged
    assert sum(kind == "DELETED" for _, kind, _, _ in watchers[0].told) >= ledger.deletions
    assert ledger.wrong == []
