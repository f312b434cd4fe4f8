"""A fixture that sees whether somebody changed an object that is not theirs alone.

Objects in memory are shared: by whoever uses an informer, by the server and the controllers beside it, and what is
equal in several of them is there once (:mod:`wherry.kube.machinery.parts`). One changed in place would be changed for
all, and for objects that only look alike. So whatever is kept during a test must be what it was when the test ends.
"""

from collections.abc import Iterator

import msgspec
import pytest

from wherry.kube.apiserver.entries import Entry, Recent
from wherry.kube.client.cache import Cache
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.parts import leave_out

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For every test of a package whose conftest names it."""
    informed: list[tuple[Object, bytes]] = []
    decoded: list[Entry] = []
    forgotten: list[tuple[Entry, Object | None, Object | None]] = []
    put, add, forget = Cache.put, Recent.add, Entry.forget

    def noted_put(self: Cache, obj: Object) -> Object | None:
        informed.append((obj, _encode(obj)))
        return put(self, obj)

    def noted_add(self: Recent, entry: Entry) -> None:
        decoded.append(entry)
        add(self, entry)

    def noted_forget(self: Entry) -> None:
        forgotten.append((self, self._object, self._lean))
        forget(self)

    monkeypatch.setattr(Cache, "put", noted_put)
    monkeypatch.setattr(Entry, "forget", noted_forget)
    monkeypatch.setattr(Recent, "add", noted_add)
    yield
    check(informed, decoded)
    for entry, whole, lean in forgotten:
        check_forms(entry, whole, lean)


def check(informed: list[tuple[Object, bytes]], decoded: list[Entry]) -> None:
    """Objects of informers with what they were, entries with what they are of."""
    for obj, before in informed:
        assert _encode(obj) == before, f"an informer's object was changed; it was {before.decode()}"
    for entry in tuple(decoded):
        check_forms(entry, entry.object, entry.lean)


def check_forms(entry: Entry, whole: Object | None, lean: Object | None) -> None:
    """What an entry was decoded into; None: it was not."""
    raw = _decode(entry.raw)
    assert whole in (None, raw), f"an object of the server's memory was changed: {entry.raw.decode()}"
    leave_out(raw, entry._kind.unread if entry._kind else None)
    assert lean in (None, raw), f"a shared object of the server's memory was changed: {entry.raw.decode()}"
