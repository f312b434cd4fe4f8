"""Bodies to objects: decoded, of the kind that the URL names, with unknown fields told of or refused."""

from wherry.kube.apiserver.aside import OBJECT_LARGE_BYTES
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.stored import copied, decode, encode
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery import codec, mediatypes, status
from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.schema import numbers
from wherry.kube.machinery.schema.builtin import definition, schema_of
from wherry.kube.machinery.schema.conform import Mistyped, conform
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.schema.pruning import prune

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_OF_STATUS = frozenset(("apiVersion", "kind", "metadata", "status"))
_TOLD = 32
"""At most so many unknown fields are named."""


def read(call: Call) -> Object:
    """The object of a request, in the version of its URL. Raises StatusError."""
    served = call.served
    return read_as(call, served.gvk, served.version.schema(), served.kind)


def read_status(call: Call) -> Object:
    """The same of a request that is about the status alone: what is in this process is not checked as a whole."""
    if isinstance(call.obj, dict) and call.served.is_storage:
        call.obj = {name: value for name, value in call.obj.items() if name in _OF_STATUS}
    return read(call)


def is_protobuf(content_type: str) -> bool:
    """Whether a body is, of which custom kinds have none."""
    return content_type != mediatypes.JSON and mediatypes.content_type(content_type).type == mediatypes.PROTOBUF


def read_as(call: Call, gvk: GroupVersionKind, schema: Schema, kind: Kind | None = None) -> Object:
    """The same of another kind than the URL's: what subresources take (``kind`` None)."""
    duplicates: tuple[str, ...] = ()
    if call.obj is None:
        if kind is not None and kind.custom and is_protobuf(call.content_type):
            raise status.unsupported_media_type((mediatypes.JSON, mediatypes.YAML))
        if call.ahead is None:
            decoded = codec.decode(call.body, call.content_type)
        else:
            decoded, call.ahead = call.ahead, None
        obj, duplicates = decoded.object, decoded.duplicates
    else:
        text = encode(call.obj)
        call.is_large = len(text) > OBJECT_LARGE_BYTES
        obj = decode(text)
    _identify(obj, gvk)
    try:
        check(call, obj, schema, kind, duplicates)
    except Unfit as error:
        raise _unfit(gvk, error) from error
    return obj


def options(call: Call, kind: str) -> Object:
    """``DeleteOptions`` and the like: of the body, or of the query where that has them. Raises StatusError."""
    if call.obj is None and not call.body:
        return {}
    gvk = GroupVersionKind("", "v1", kind)
    if isinstance(call.obj, dict):
        obj = copied(call.obj)
    else:
        obj = (call.ahead or codec.decode(call.body, call.content_type)).object
    if obj.get("kind") not in (None, "", kind):
        raise status.bad_request(f"the body is a {obj.get('kind')}, not {kind}")
    try:
        conform(obj, schema_of(gvk))
    except Mistyped as error:
        raise status.bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {error}') from error
    return obj


class Unfit(Exception):
    """An object's structure is not its kind's; the text says why."""


def settle(
    call: Call,
    obj: Object,
    gvk: GroupVersionKind,
    schema: Schema,
    kind: Kind | None = None,
    duplicates: tuple[str, ...] = (),
) -> None:
    """Check a decoded object's structure, in place. Unknown fields are dropped, and refused, told or not (Strict,
    Warn, Ignore). Raises StatusError 400."""
    try:
        check(call, obj, schema, kind, duplicates)
    except Unfit as error:
        raise _unfit(gvk, error) from error


def _unfit(gvk: GroupVersionKind, error: Unfit) -> status.StatusError:
    return status.bad_request(f'{gvk.kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}: {error}')


def check(
    call: Call, obj: Object, schema: Schema, kind: Kind | None = None, duplicates: tuple[str, ...] = (),
    known: Object | None = None,
) -> None:  # fmt: skip
    """The same for whoever says it in other words; of ``known``, which has been checked, ``obj`` may have parts. Raises
    Unfit."""
    try:
        if kind is not None and kind.custom:
            unknown = _settle_custom(obj, schema)
        else:
            unknown = conform(obj, schema, known)
    except Mistyped as error:
        raise Unfit(str(error)) from error
    if not duplicates and not unknown:
        return
    validation, found = call.field_validation, [*duplicates, *unknown]
    if validation == "Ignore":
        return
    if validation == "Strict":
        raise Unfit(codec.strict_error(tuple(found[:_TOLD])))
    call.warnings.extend(found[:_TOLD])


def _settle_custom(obj: Object, schema: Schema) -> list[str]:
    metadata = obj.get("metadata")
    unknown: list[str] = []
    if isinstance(metadata, dict):
        unknown = [text.replace('"', '"metadata.', 1) for text in conform(metadata, definition(_META))]
    elif metadata is not None:
        raise Mistyped("json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta")
    unknown += prune(obj, schema)
    numbers.settle(obj)
    return unknown


def _identify(obj: Object, gvk: GroupVersionKind) -> None:
    """What the body says it is must be what the URL takes; where it says nothing, that is it."""
    version, kind, expected = obj.get("apiVersion") or "", obj.get("kind") or "", gvk.api_version
    if version == expected and kind == gvk.kind:
        return
    if not isinstance(version, str) or not isinstance(kind, str):
        raise status.bad_request("couldn't get version/kind; json parse error: apiVersion and kind must be strings")
    if version and version != expected:
        raise status.bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({expected})"
        )
    if kind and kind != gvk.kind:
        raise status.bad_request(
            f'{kind} in version "{gvk.version}" cannot be handled as a {gvk.kind}: '
            f"converting ({gvk.version}.{kind}) to ({gvk.group or 'core'}.{gvk.kind}): unknown conversion"
        )
    obj["apiVersion"], obj["kind"] = expected, gvk.kind


def check_place(call: Call, obj: Object, served: Served) -> None:
    """Name and namespace of the object must be those of the URL; where it has none, they are. Raises StatusError."""
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise status.bad_request("metadata must be an object")
    if call.info.name:
        name = metadata.setdefault("name", call.info.name) or call.info.name
        metadata["name"] = name
        if name != call.info.name:
            raise status.bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({call.info.name})"
            )
    if not served.kind.namespaced:
        if metadata.get("namespace"):
            metadata.pop("namespace")
        return
    expected = call.info.namespace
    if (metadata.get("namespace") or expected) != expected:
        raise status.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = expected
