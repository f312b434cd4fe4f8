"""GET of one object and of a collection: from memory, or from the store's past where a client asks for that.

Resource versions mean what they mean upstream: none, the newest; ``0``, whatever is at hand; a number, nothing older
(or with ``resourceVersionMatch=Exact`` just that). A list in pages is one state all through: the token names its
revision, and what has changed since is read from the store.
"""

import base64
from collections.abc import Iterator, Sequence

import msgspec

from wherry.kube.apiserver import tables
from wherry.kube.apiserver.cache import Cache
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.entries import Entry, Recent
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.rendering import rendered
from wherry.kube.apiserver.selection import Selection, of_call
from wherry.kube.apiserver.stored import prefix_of
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.fielderrors import FieldError, forbidden, invalid, not_supported
from wherry.kube.machinery.mediatypes import Form, Wanted
from wherry.kube.machinery.model import GroupKind, Object
from wherry.store.model import Compacted, Future, Store

_OPTIONS = GroupKind("meta.k8s.io", "ListOptions")
_PAGE = 500


class _Token(msgspec.Struct):
    """``start`` is the key behind which the next page begins."""

    rv: int
    start: str
    v: str = "meta.k8s.io/v1"


class _Asked(msgspec.Struct, frozen=True):
    """A list's options, checked. ``revision`` 0: the newest."""

    limit: int
    after: str
    revision: int
    exact: bool
    unconditional: bool


class _Page(msgspec.Struct):
    entries: list[Entry]
    revision: int
    token: str = ""
    remaining: int | None = None

    def meta(self) -> Object:
        found: Object = {"resourceVersion": str(self.revision)}
        if self.token:
            found["continue"] = self.token
            if self.remaining:
                found["remainingItemCount"] = self.remaining
        return found


class Reads:
    """See the module."""

    def __init__(self, store: Store, caches: Caches) -> None:
        self._store = store
        self._caches = caches

    async def get(self, call: Call) -> Entry:
        """Raises StatusError."""
        text = call.query.get("resourceVersion", "")
        if not text:
            await self._caches.current()
        elif text != "0":
            await self._reach(_revision(text))
        entry = self._caches.of(call.storage).entry(call.info.name, call.namespace)
        if entry is None:
            raise status.not_found(call.resource, call.info.name)
        return entry

    async def _reach(self, revision: int) -> None:
        """Wait for what has not been yet; not for long."""
        if not await self._caches.reached(revision):
            raise too_large(revision, self._caches.revision)

    async def list(self, call: Call, wanted: Wanted) -> bytes:
        """Raises StatusError."""
        selection, asked = of_call(call), _asked(call)
        cache = self._caches.of(call.storage)
        await self._wait(asked)
        if _is_everything(selection, asked, wanted, call.served):
            return _joined(
                call.served, cache.raws(selection.namespace), {"resourceVersion": str(self._caches.revision)}
            )
        page = await self._page(cache, call, selection, asked)
        return _document(call, page, wanted)

    async def page(self, call: Call) -> tuple[Sequence[Entry], Object]:
        """A list, and its metadata, for who is in this process. Raises StatusError."""
        selection, asked = of_call(call), _asked(call)
        await self._wait(asked)
        page = await self._page(self._caches.of(call.storage), call, selection, asked)
        return page.entries, page.meta()

    async def _wait(self, asked: _Asked) -> None:
        """Until what is asked for is here."""
        if asked.unconditional:
            await self._caches.current()
        elif not asked.exact and asked.revision:
            await self._reach(asked.revision)

    async def _page(self, cache: Cache, call: Call, selection: Selection, asked: _Asked) -> _Page:
        if asked.exact and (asked.revision < cache.revision or asked.revision > self._caches.revision):
            return await self._past_page(call, selection, asked)
        revision = asked.revision if asked.exact else self._caches.revision
        found: list[Entry] = []
        for entry in _candidates(cache, selection, asked.after):
            if not selection.matches(entry):
                continue
            if asked.limit and len(found) == asked.limit:
                last = f"{found[-1].namespace}/{found[-1].name}"
                remaining = cache.count(selection.namespace, last) if selection.is_plain else None
                return _Page(found, revision, _token(revision, last), remaining)
            found.append(entry)
        return _Page(found, revision)

    async def _past_page(self, call: Call, selection: Selection, asked: _Asked) -> _Page:
        """Of a state that is not the newest any more."""
        prefix, kind, recent = prefix_of(call.storage), call.served.kind, Recent()
        scope = prefix if selection.namespace is None else f"{prefix}{selection.namespace}/"
        after, found = f"{prefix}{asked.after}" if asked.after else "", list[Entry]()
        while True:
            try:
                page = await self._store.range(scope, after=after, limit=_PAGE, revision=asked.revision)
            except Compacted as error:
                raise _too_old(asked, self._caches.revision) from error
            except Future as error:
                raise too_large(asked.revision, error.revision) from error
            for position, item in enumerate(page.items):
                entry = Entry.of(item, kind, recent)
                if not selection.matches(entry):
                    continue
                if asked.limit and len(found) == asked.limit:
                    last = f"{found[-1].namespace}/{found[-1].name}"
                    remaining = page.remaining + len(page.items) - position if selection.is_plain else None
                    return _Page(found, asked.revision, _token(asked.revision, last), remaining)
                found.append(entry)
            if not page.remaining:
                return _Page(found, asked.revision)
            after = page.items[-1].key


def _candidates(cache: Cache, selection: Selection, after: str) -> Iterator[Entry]:
    """Those that might match, in order."""
    if selection.name and (selection.namespace is not None or not after):
        entry = cache.entry(selection.name, selection.namespace or "")
        if entry is not None and f"{entry.namespace}/{entry.name}" > after:
            yield entry
        if entry is not None or selection.namespace is not None:
            return
    yield from cache.entries(selection.namespace, after)


def _is_everything(selection: Selection, asked: _Asked, wanted: Wanted, served: Served) -> bool:
    """The plain case, which is answered by joining bytes."""
    simple = not asked.limit and not asked.after and not asked.exact and selection.is_plain
    return simple and wanted.form is Form.PLAIN and served.version.conversion is None


def _joined(served: Served, raws: list[bytes], meta: Object) -> bytes:
    """A plain list of stored objects; only the version's name may differ from the storage version's. Made in one piece:
    of ten thousand pods it is 50 MB, which are copied once."""
    if not served.is_storage:
        raws = [rendered(served, raw) for raw in raws]
    head = encode({"kind": f"{served.kind.kind}List", "apiVersion": str(served.group_version), "metadata": meta})
    if not raws:
        return b'%b,"items":[]}' % head[:-1]
    pieces = [b'%b,"items":[%b' % (head[:-1], raws[0]), *raws[1:]]
    pieces[-1] += b"]}"
    return b",".join(pieces)


def _document(call: Call, page: _Page, wanted: Wanted) -> bytes:
    if wanted.form is Form.TABLE:
        include = call.query.get("includeObject", "")
        return encode(tables.table(call.served, page.entries, call.now, wanted.version, include, page.meta()))
    if wanted.form is Form.METADATA_LIST:
        return tables.metadata_list(page.entries, wanted.version, page.meta())
    return _joined_entries(call.served, page)


def _joined_entries(served: Served, page: _Page) -> bytes:
    return _joined(served, [entry.raw for entry in page.entries], page.meta())


def _asked(call: Call) -> _Asked:
    """Checks the options (apimachinery pkg/apis/meta/internalversion/validation: ValidateListOptions)."""
    query = call.query
    match, text, token = (
        query.get("resourceVersionMatch", ""),
        query.get("resourceVersion", ""),
        query.get("continue", ""),
    )
    found: list[FieldError] = []
    if match:
        if not text:
            found.append(
                forbidden(
                    "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
                )
            )
        if token:
            found.append(
                forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
            )
        if match not in ("Exact", "NotOlderThan"):
            allowed = ("Exact", "NotOlderThan", "")
            found.append(not_supported("resourceVersionMatch", match, allowed, as_given=True))
        if match == "Exact" and text == "0":
            found.append(
                forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
            )
    if "sendInitialEvents" in query:
        found.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    if found:
        raise status.invalid(_OPTIONS, "", found)
    limit, _ = _number(query.get("limit", "")), _number(query.get("timeoutSeconds", ""))
    if token:
        if text not in ("", "0"):
            raise status.bad_request("specifying resource version is not allowed when using continue")
        read = _read(token)
        return _Asked(limit, read.start, read.rv, read.rv > 0, read.rv <= 0)
    return _Asked(limit, "", _revision(text), match == "Exact", not text)


def _number(text: str) -> int:
    if not text:
        return 0
    try:
        number = int(text)
    except ValueError as error:
        raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
    return max(number, 0)


def _revision(text: str) -> int:
    """Of a resourceVersion parameter; 0 for none."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        found = [invalid("resourceVersion", text, f'strconv.ParseUint: parsing "{text}": invalid syntax')]
        raise status.invalid(_OPTIONS, "", found)
    return int(text)


def _token(revision: int, last: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_Token(revision, last))).decode().rstrip("=")


def _read(token: str) -> _Token:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=_Token)
    except (ValueError, msgspec.DecodeError) as error:
        raise status.bad_request("continue key is not valid: it must be the one of the answer before") from error


def _too_old(asked: _Asked, current: int) -> status.StatusError:
    """Of a page: with a token to go on from there in the newest state (apiserver pkg/storage/etcd3/errors.go)."""
    if not asked.after:
        return status.expired("The resourceVersion for the provided list is too old.")
    error = status.expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    error.list_meta = {"continue": _token(-1, asked.after)}
    return error


def too_large(asked: int, current: int) -> status.StatusError:
    """Upstream's answer to a revision that has not been (apiserver pkg/storage/errors.go)."""
    error = status.timeout(f"Too large resource version: {asked}, current: {current}", 1)
    error.details["causes"] = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return error


revision_of = _revision
