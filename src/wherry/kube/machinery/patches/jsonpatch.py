"""JSON patch (RFC 6902), refusing as evanphx/json-patch v4 and upstream's apiserver (handlers/patch.go) do.

What upstream does beyond the RFC is done here: a negative index counts from the end (-1 is the last element, and for
``add`` the place behind it), ``replace`` of a missing field of an object adds it, ``copy`` of one copies null. Unlike
upstream, a pointer must begin with a slash.
"""

import re
from typing import Any, TypeAlias

import msgspec

from wherry.kube.machinery import fielderrors
from wherry.kube.machinery.jsondocs import MAX_CONTAINERS, check_depth
from wherry.kube.machinery.model import GroupKind, Object
from wherry.kube.machinery.patches.gotext import json_type
from wherry.kube.machinery.patches.values import bounded, copied, same
from wherry.kube.machinery.status import StatusError, bad_request, invalid, too_large

MAX_OPERATIONS = 10_000
"""apiserver: maxJSONPatchOperations."""
MAX_COPIED_BYTES = 3 * 1024 * 1024
"""apiserver: JSONPatchMaxCopyBytes. As JSON, of all ``copy`` operations together."""
MAX_SHIFTED = 200_000_000
"""List elements that inserting and removing may move, all in all: about half a second. No upstream counterpart."""

_Container: TypeAlias = dict[str, Any] | list[Any]  # Any: JSON
_INDEX = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MISSING = "missing value"
_FIELDS = {"op", "path", "from", "value"}


class _Failure(Exception):
    """An operation that cannot be applied; the text says why."""


@bounded
def apply(document: Object, operations: object) -> Object:
    """The document after all operations, one after the other.

    Raises StatusError 400 for what is no list of operations, 413 beyond the limits, 422 when one cannot be applied or
    a ``test`` fails.
    """
    found = _operations(operations)
    state = _State(document)
    try:
        for operation in found:
            _run(state, operation)
    except _Failure as error:
        raise _unprocessable(str(error)) from None
    if not isinstance(state.root, dict):
        text = msgspec.json.encode(state.root).decode()
        why = "json: cannot unmarshal array into Go value of type map[string]interface {}"
        raise invalid(GroupKind("", ""), "", [fielderrors.invalid("patch", text, why)])
    check_depth(state.root)  # moves and copies can put anything below anything
    return state.root


def unknown_fields(operations: object) -> list[str]:
    """What field validation tells or refuses: ``json patch unknown field "[0].vlaue"``."""
    return [
        f'json patch unknown field "[{position}].{name}"'
        for position, operation in enumerate(operations if isinstance(operations, list) else ())
        if isinstance(operation, dict)
        for name in operation
        if name not in _FIELDS
    ]


def _operations(operations: object) -> list[Object]:
    if operations is None:
        return []
    if not isinstance(operations, list):
        raise _undecodable(f"{json_type(operations)} into Go value of type []handlers.jsonPatchOp")
    if len(operations) > MAX_OPERATIONS:
        raise too_large(
            "Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{MAX_OPERATIONS}, got {len(operations)}"
        )
    return [_operation(each) for each in operations]


def _operation(operation: object) -> Object:
    if operation is None:
        return {}
    if not isinstance(operation, dict):
        raise _undecodable(f"{json_type(operation)} into Go value of type handlers.jsonPatchOp")
    for name in ("op", "path", "from"):
        value = operation.get(name)
        if value is not None and not isinstance(value, str):
            raise _undecodable(f"{json_type(value)} into Go struct field jsonPatchOp.{name} of type string")
    return operation


def _undecodable(what: str) -> StatusError:
    return bad_request(f"error decoding patch: json: cannot unmarshal {what}")


def _unprocessable(why: str) -> StatusError:
    """The message is upstream's; the reason, which upstream keeps to itself, is a cause."""
    causes = [{"message": why, "field": "patch"}]
    message = "the server rejected our request due to an error in our request"
    return StatusError(422, "Invalid", message, {"causes": causes})


class _State(msgspec.Struct):
    """The document as far as it is patched. Containers are copied before the first change of each."""

    root: _Container
    ours: dict[int, _Container] = msgspec.field(default_factory=dict)
    """Those copied, by id: they are kept, so that no id can come twice."""
    copied_bytes: int = 0
    copied_containers: int = 0
    shifted: int = 0

    def holder(self, pointer: str, missing: str) -> tuple[_Container, str]:
        """What holds the value that a pointer names, private, and the value's key. Raises _Failure(missing)."""
        if not pointer.startswith("/"):
            raise _Failure(missing)
        *parents, key = map(_unescaped, pointer[1:].split("/"))
        self.root = holder = self._private(self.root)
        for parent in parents:
            below = _below(holder, parent, missing)
            if (owned := self._private(below)) is not below:
                _put(holder, parent, owned)
            holder = owned
        return holder, key

    def _private(self, container: _Container) -> _Container:
        if id(container) in self.ours:
            return container
        mine: _Container = dict(container) if isinstance(container, dict) else list(container)
        self.ours[id(mine)] = mine
        return mine

    def account_copy(self, value: object) -> None:
        text = msgspec.json.encode(value)
        self.copied_bytes += len(text)
        self.copied_containers += text.count(b"{") + text.count(b"[")
        if self.copied_bytes > MAX_COPIED_BYTES:
            raise too_large(
                "Unable to complete the copy, the accumulated size increase of copy is "
                f"{self.copied_bytes}, exceeding the limit {MAX_COPIED_BYTES}"
            )
        if self.copied_containers > MAX_CONTAINERS:
            raise too_large(f"Unable to complete the copy, the limit is {MAX_CONTAINERS} arrays and objects")

    def account_shift(self, elements: int) -> None:
        self.shifted += elements
        if self.shifted > MAX_SHIFTED:
            raise too_large(f"Unable to move list elements, the limit is {MAX_SHIFTED}")


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token


def _below(holder: _Container, key: str, missing: str) -> _Container:
    try:
        value = _get(holder, key)
    except _Failure:
        raise _Failure(missing) from None
    if not isinstance(value, dict | list):
        raise _Failure(missing)
    return value


def _number(key: str) -> int:
    if _INDEX.fullmatch(key) is None:
        raise _Failure(f'strconv.Atoi: parsing "{key}": invalid syntax')
    if len(key) > 19:
        raise _Failure(f'strconv.Atoi: parsing "{key}": value out of range')
    return int(key)


def _index(length: int, key: str) -> int:
    """Of a place in a list with so many places."""
    index = _number(key)
    if not -length <= index < length:
        raise _Failure(f"Unable to access invalid index: {index}: invalid index referenced")
    return index + length if index < 0 else index


def _get(holder: _Container, key: str) -> Any:
    return holder.get(key) if isinstance(holder, dict) else holder[_index(len(holder), key)]


def _put(holder: _Container, key: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
    else:
        holder[_index(len(holder), key)] = value


def _insert(state: _State, holder: _Container, key: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[key] = value
        return
    if key == "-":
        holder.append(value)
        return
    try:
        _number(key)
    except _Failure as error:
        raise _Failure(f"value was not a proper array index: '{key}': {error}") from None
    index = _index(len(holder) + 1, key)
    state.account_shift(len(holder) - index)
    holder.insert(index, value)


def _delete(state: _State, holder: _Container, key: str) -> None:
    if isinstance(holder, dict):
        if key not in holder:
            raise _Failure(f"Unable to remove nonexistent key: {key}: {_MISSING}")
        del holder[key]
        return
    index = _index(len(holder), key)
    state.account_shift(len(holder) - index)
    del holder[index]


def _run(state: _State, operation: Object) -> None:
    kind = operation.get("op", "unknown")
    action = _ACTIONS.get(kind)
    if action is None:
        raise _Failure(f"Unexpected kind: {'unknown' if kind is None else kind}")
    action(state, operation)


def _text(operation: Object, name: str, failing: str, absent: str) -> str:
    """A pointer of an operation. Raises _Failure when there is none."""
    value = operation.get(name)
    if value is None:
        raise _Failure(f"{failing} {name}: {absent}: {_MISSING}" if absent else f"{failing} {name}: {_MISSING}")
    return str(value)


def _add(state: _State, operation: Object) -> None:
    path = _text(operation, "path", "add operation failed to decode", "")
    missing = f'add operation does not apply: doc is missing path: "{path}": {_MISSING}'
    holder, key = state.holder(path, missing)
    _place(state, holder, key, copied(operation.get("value")), f"error in add for path: '{path}'")


def _place(state: _State, holder: _Container, key: str, value: Any, failing: str) -> None:
    try:
        _insert(state, holder, key, value)
    except _Failure as error:
        raise _Failure(f"{failing}: {error}") from None


def _remove(state: _State, operation: Object) -> None:
    path = _text(operation, "path", "remove operation failed to decode", "")
    missing = f'remove operation does not apply: doc is missing path: "{path}": {_MISSING}'
    holder, key = state.holder(path, missing)
    try:
        _delete(state, holder, key)
    except _Failure as error:
        raise _Failure(f"error in remove for path: '{path}': {error}") from None


def _replace(state: _State, operation: Object) -> None:
    path = _text(operation, "path", "replace operation failed to decode", "operation missing path field")
    value = copied(operation.get("value"))
    if not path:
        if not isinstance(value, dict | list):
            raise _Failure("replace operation value must be object or array")
        state.root = value
        return
    holder, key = state.holder(path, f"replace operation does not apply: doc is missing path: {path}: {_MISSING}")
    try:
        _put(holder, key, value)
    except _Failure:
        raise _Failure(f"replace operation does not apply: doc is missing key: {path}: {_MISSING}") from None


def _move(state: _State, operation: Object) -> None:
    source = _text(operation, "from", "move operation failed to decode", "operation, missing from field")
    holder, key = state.holder(source, f"move operation does not apply: doc is missing from path: {source}: {_MISSING}")
    try:
        value = _get(holder, key)
        _delete(state, holder, key)
    except _Failure as error:
        raise _Failure(f"error in move for path: '{key}': {error}") from None
    path = _text(operation, "path", "move operation failed to decode", "operation missing path field")
    missing = f"move operation does not apply: doc is missing destination path: {path}: {_MISSING}"
    holder, key = state.holder(path, missing)
    _place(state, holder, key, value, f"error in move for path: '{path}'")


def _copy(state: _State, operation: Object) -> None:
    source = _text(operation, "from", "copy operation failed to decode", "operation, missing from field")
    holder, key = state.holder(source, f"copy operation does not apply: doc is missing from path: {source}: {_MISSING}")
    try:
        value = _get(holder, key)
    except _Failure as error:
        raise _Failure(f"error in copy for from: '{source}': {error}") from None
    path = _text(operation, "path", "copy operation failed to decode", "")
    missing = f"copy operation does not apply: doc is missing destination path: {path}: {_MISSING}"
    holder, key = state.holder(path, missing)
    state.account_copy(value)
    _place(state, holder, key, copied(value), "error while adding value during copy")


def _test(state: _State, operation: Object) -> None:
    path = _text(operation, "path", "test operation failed to decode", "operation missing path field")
    value: Any = state.root
    if path:
        holder, key = state.holder(path, f"test operation does not apply: is missing path: {path}: {_MISSING}")
        try:
            value = _get(holder, key)
        except _Failure as error:
            raise _Failure(f"error in test for path: '{path}': {error}") from None
    if not same(value, operation.get("value")):
        raise _Failure(f"testing value {path} failed: test failed")


_ACTIONS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "test": _test, "copy": _copy}
