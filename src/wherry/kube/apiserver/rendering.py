"""Stored objects as a client wants to see them: in the version of its URL, in the form that it accepts."""

from datetime import datetime

import msgspec

from wherry.kube.apiserver import tables
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry, Recent
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.stored import meta_of
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.mediatypes import Form, Wanted
from wherry.kube.machinery.model import Object

_decode = msgspec.json.Decoder().decode


def rendered(served: Served, raw: bytes) -> bytes:
    """The bytes of a stored object in a served version. They begin with apiVersion (see ``stored.value_of``)."""
    if served.is_storage:
        return raw
    if served.version.conversion is None:
        return b'{"apiVersion":"%b"%b' % (served.api_version.encode(), raw[raw.index(b'",') + 1 :])
    return encode(served.from_storage(_decode(raw)))


def shown(served: Served, entry: Entry, wanted: Wanted, now: datetime, include: str = "") -> bytes:
    """One object in the form that is wanted."""
    if wanted.form is Form.PLAIN:
        return rendered(served, entry.raw)
    if wanted.form is Form.METADATA:
        return encode(tables.metadata_alone(entry.object, wanted.version))
    meta = {"resourceVersion": str(entry.revision)}
    return encode(tables.table(served, [entry], now, wanted.version, include, meta))


def shown_document(document: Object, wanted: Wanted, now: datetime, include: str = "") -> bytes:
    """The same of what is not stored: a Scale; a Status, which has one form only."""
    if wanted.form is Form.PLAIN or document["kind"] == "Status":
        return encode(document)
    if wanted.form is Form.METADATA:
        return encode(tables.metadata_alone(document, wanted.version))
    return tables.scale_table(document, now, wanted.version, include)


def shaped(call: Call, outcome: Outcome, wanted: Wanted) -> bytes:
    """An outcome in the form that is wanted."""
    include = call.query.get("includeObject", "")
    if outcome.document is not None:
        return shown_document(outcome.document, wanted, call.now, include)
    if wanted.form is Form.PLAIN:
        return rendered(call.served, outcome.raw)
    meta = meta_of(outcome.raw)
    revision = int(meta.resourceVersion or 0)
    entry = Entry(outcome.raw, revision, meta.namespace, meta.name, call.served.kind, Recent(1))
    return shown(call.served, entry, wanted, call.now, include)
