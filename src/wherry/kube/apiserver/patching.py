"""PATCH, in its four forms."""

from collections.abc import Callable, Mapping

import msgspec

from wherry.kube.apiserver import decoding
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.requestinfo import is_set
from wherry.kube.apiserver.tracking import Applied, manager_of
from wherry.kube.apiserver.writing import WHOLE, Part, Writes
from wherry.kube.machinery import codec, mediatypes, status
from wherry.kube.machinery.apply.apply import check_configuration, server_side_apply
from wherry.kube.machinery.apply.fieldsets import FieldSet
from wherry.kube.machinery.fielderrors import forbidden, invalid, required
from wherry.kube.machinery.jsondocs import parse, parse_all
from wherry.kube.machinery.model import GroupKind, Object
from wherry.kube.machinery.patches import gotext, jsonpatch, merge, strategic
from wherry.kube.machinery.schema.model import Schema

JSON, MERGE = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
_OPTIONS = GroupKind("meta.k8s.io", "PatchOptions")


class Patches:
    """See the module."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    async def patch(self, call: Call, part: Part = WHOLE) -> Outcome:
        """Raises StatusError."""
        media_type = _type_of(call)
        custom = call.served.kind.custom
        accepted = (JSON, MERGE, APPLY) if custom else (JSON, MERGE, STRATEGIC, APPLY)
        if media_type not in accepted:
            raise _not_accepted(accepted, custom)
        forced = "force" in call.query
        if media_type == APPLY:
            return await self._apply(call, part)
        if forced:
            found = [forbidden("force", "may not be specified for non-apply patch")]
            raise status.invalid(_OPTIONS, "", found)
        patch, mistakes = _patch_of(call)
        change = _change_of(call, patch, call.served.version.schema())

        def make(entry: Entry) -> Object:
            base = call.served.from_storage(entry.copy())
            known = base if call.served.is_storage else None
            try:
                return _settled(call, change(base), entry, mistakes, known)
            except decoding.Unfit as error:
                raise _unfit(call, patch, change(base), str(error)) from error

        return await self._writes.change(call, make, part)

    async def _apply(self, call: Call, part: Part) -> Outcome:
        """Server-side apply: the object is made when there is none."""
        if not call.query.get("fieldManager"):
            found = [required("fieldManager", "is required for apply patch")]
            raise status.invalid(_OPTIONS, "", found)
        aside = self._writes.aside
        applied, fields = await aside.do(self._configuration, call) if call.is_large else self._configuration(call)
        manager = manager_of(call, "Apply", part.subresource)
        force = is_set(call.query, "force")

        def make(entry: Entry) -> Object:
            base = call.served.from_storage(entry.copy())
            merged = server_side_apply(base, applied, manager, force, fields)
            try:
                return _settled(call, merged, entry, known=base if call.served.is_storage else None)
            except decoding.Unfit as error:
                raise status.bad_request(f"the merged object is no {call.served.kind.kind}: {error}") from error

        try:
            return await self._writes.change(call, make, part, Applied(call))
        except status.StatusError as error:
            if error.code != 404 or error.reason != "NotFound" or part.subresource:
                raise
        if applied["metadata"].get("uid"):
            raise status.conflict(
                call.resource,
                call.info.name,
                "uid mismatch: the provided object specified uid "
                f"{applied['metadata']['uid']}, and no existing object was found",
            )
        if call.is_large:
            created = await aside.do(server_side_apply, None, applied, manager, force, fields)
        else:
            created = server_side_apply(None, applied, manager, force, fields)
        return await self._writes.create_object(call, created, Applied(call))

    def _configuration(self, call: Call) -> tuple[Object, FieldSet | None]:
        """And its fields, unless they have to be found anew: a null goes when the object is settled, and so does what
        it is the value of."""
        served = call.served
        gvk = served.gvk
        obj: object = call.obj
        duplicates: tuple[str, ...] = ()
        if obj is None:
            decoded = call.ahead or _decoded(call.body)
            obj, duplicates = decoded.object, decoded.duplicates
        assert isinstance(obj, dict)
        if (given := obj.get("apiVersion") or "") != (expected := served.api_version):
            said = f"Specified patch version: {given}, expected: {expected}"
            raise status.bad_request(f"Incorrect version specified in apply patch. {said}")
        if obj.get("kind") != gvk.kind:
            raise status.bad_request(f"the applied object is of kind {obj.get('kind')!r}, not {gvk.kind}")
        fields = check_configuration(obj, served.version.schema())
        decoding.settle(call, obj, gvk, served.version.schema(), served.kind, duplicates)
        decoding.check_place(call, obj, served)
        has_no_null = call.body[:1] == b"{" and b"null" not in call.body
        return obj, fields if has_no_null else None


def ahead_of(call: Call) -> object:
    """What the body of a call says, for :attr:`.Call.ahead`; None where it is not for this to say that it is of a wrong
    type. Raises StatusError."""
    if call.info.verb != "patch":
        is_refused = call.served.kind.custom and decoding.is_protobuf(call.content_type)
        return None if is_refused else codec.decode(call.body, call.content_type)
    media_type = _type_of(call)
    if media_type == APPLY:
        return _decoded(call.body)
    return _patch_of(call) if media_type in (JSON, MERGE, STRATEGIC) else None


def _decoded(body: bytes) -> codec.Decoded:
    """JSON is YAML, and read in a tenth of the time: what begins as it does is tried first."""
    if body[:1] == b"{":
        try:
            return codec.decode(body, mediatypes.JSON)
        except status.StatusError:
            pass
    return codec.decode(body, mediatypes.YAML)


def changer(call: Call, schema: Schema) -> Callable[[Object], Object]:
    """What a JSON, merge or strategic merge patch does to an object. Raises StatusError when it is none."""
    return _change_of(call, _patch_of(call)[0], schema)


def _change_of(call: Call, body: object, schema: Schema) -> Callable[[Object], Object]:
    kind = _type_of(call)
    if kind == JSON:
        return lambda obj: jsonpatch.apply(obj, body)
    if not isinstance(body, Mapping):
        found = {list: "array", str: "string", bool: "bool", type(None): "null"}.get(type(body), "number")
        raise _undecodable(kind, f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}")
    patch = dict(body)
    if kind == MERGE:
        return lambda obj: _an_object(merge.apply(obj, patch))
    if kind == STRATEGIC:
        return lambda obj: strategic.apply(obj, patch, schema)
    raise status.unsupported_media_type((JSON, MERGE, STRATEGIC))


def _patch_of(call: Call) -> tuple[object, tuple[str, ...]]:
    """The patch, and what field validation finds in it alone: fields that it has twice, or that no operation has.
    Raises StatusError 400."""
    if call.obj is not None:
        return call.obj, ()
    if call.ahead is not None:
        patch, mistakes = call.ahead
        return patch, mistakes
    is_looked_at = call.field_validation != "Ignore"
    try:
        body, found = parse_all(call.body) if is_looked_at else (parse(call.body), ())
    except status.StatusError as error:
        raise _undecodable(_type_of(call), error.message.rpartition("json parse error: ")[2]) from error
    if is_looked_at and _type_of(call) == JSON:
        return body, (*found, *jsonpatch.unknown_fields(body))
    return body, found


def _undecodable(kind: str, why: str) -> status.StatusError:
    return status.bad_request(why if kind == STRATEGIC else f"error decoding patch: {why}")


def _an_object(document: object) -> Object:
    if not isinstance(document, dict):
        raise status.bad_request("the patched document is not an object")
    return document


def _unfit(call: Call, patch: object, patched: Object, why: str) -> status.StatusError:
    """What a patch makes is not of the kind (pkg/endpoints/handlers/patch.go)."""
    if _type_of(call) == STRATEGIC:
        found = invalid("patch", gotext.shown(patch), gotext.converting(why))
    else:
        found = invalid("patch", msgspec.json.encode(patched, order="sorted").decode(), why)
    return status.invalid(GroupKind("", ""), "", [found])


def _not_accepted(accepted: tuple[str, ...], custom: bool) -> status.StatusError:
    """Of a built-in kind upstream's router says so, which knows what its routes take."""
    if custom:
        return status.unsupported_media_type(accepted)
    return status.no_route(415, "UnsupportedMediaType", "415: Unsupported Media Type")


def _type_of(call: Call) -> str:
    return call.content_type.partition(";")[0].strip()


def _settled(
    call: Call, patched: Object, entry: Entry, mistakes: tuple[str, ...] = (), known: Object | None = None
) -> Object:
    """A patched object, checked as one that was sent whole, but for what it has of ``known``. Raises Unfit."""
    served = call.served
    if patched.get("kind") != served.kind.kind or patched.get("apiVersion") != served.api_version:
        raise status.bad_request("a patch may not change apiVersion or kind")
    decoding.check(call, patched, served.version.schema(), served.kind, mistakes, known)
    decoding.check_place(call, patched, served)
    if patched["metadata"].get("resourceVersion") == str(entry.revision):
        del patched["metadata"]["resourceVersion"]  # it was there before the patch: the client did not say it
    return served.to_storage(patched)
