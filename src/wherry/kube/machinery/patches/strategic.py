"""Strategic merge patch: a merge patch that merges lists by key, as the schema says.

The format is that of upstream's design "strategic merge patch" and "preserve order in strategic merge patch"; what the
code here does where they are silent is what k8s.io/apimachinery ``pkg/util/strategicpatch`` does. Directives:

``$patch: replace``
    in an object: it replaces the old one whole; in an element of a list: the list does.
``$patch: delete``
    in an object: nothing of the old one stays; in an element: the element with this key goes.
``$retainKeys: [names]``
    fields not named go.
``$setElementOrder/list: [elements]``
    the order of the elements; others stay where they were among them.
``$deleteFromPrimitiveList/list: [values]``
    these values go.

Unlike upstream, a directive never ends up in the result, and maps of objects (``properties`` of a schema) are merged
rather than refused.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches import ordering
from wherry.kube.machinery.patches.gotext import go_type, quoted, shown
from wherry.kube.machinery.patches.ordering import Elements, Key
from wherry.kube.machinery.patches.values import bounded
from wherry.kube.machinery.schema.model import Schema
from wherry.kube.machinery.status import StatusError, bad_request

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder"
_DELETE = "$deleteFromPrimitiveList"
_PREFIXES = (_ORDER, _DELETE)
_NOWHERE = Schema()


@bounded
def apply(document: Object, patch: object, schema: Schema) -> Object:
    """The document with the patch merged in.

    ``document`` conforms to ``schema``; the result need not. Shares what did not change with ``document``, nothing
    with ``patch``. Raises StatusError 400 for a patch that makes no sense (its texts are upstream's, which answers
    some of them with 500), 422 for a list of lists.
    """
    if patch is None:
        return document
    if not isinstance(patch, dict):
        kind = "slice" if isinstance(patch, list) else go_type(patch)
        raise bad_request(f"expected a map, but received a {kind}")
    return _object(document, patch, schema)


def _object(old: Object, patch: Object, schema: Schema) -> Object:
    if _DIRECTIVE in patch:
        return _directed(patch)
    merged = dict(old)
    special = [key for key in patch if key.startswith("$")]
    if special and _RETAIN in patch:
        _retain(merged, patch)
    done = _ordered_lists(merged, patch, special, schema)
    for key, value in patch.items():
        if key == _RETAIN or key in done:
            continue
        if key.startswith(_DELETE):
            _delete_values(merged, key, value)
        elif value is None:
            merged.pop(key, None)
        else:
            _field(merged, key, value, schema)
    return merged


def _directed(patch: Object) -> Object:
    directive = patch[_DIRECTIVE]
    if directive == "replace":
        return {key: fresh(value) for key, value in patch.items() if key != _DIRECTIVE and _is_kept(key, value)}
    if directive == "delete":
        return {}
    raise _unknown_directive(directive, patch)


def _unknown_directive(directive: object, patch: Object) -> StatusError:
    return bad_request(f"unknown patch type: {_percent_s(directive)} in map: {shown(patch)}")


def _percent_s(value: object) -> str:
    return value if isinstance(value, str) else f"%!s({go_type(value)}={shown(value)})"


def _retain(merged: Object, patch: Object) -> None:
    names = patch[_RETAIN]
    if not isinstance(names, list):
        raise bad_request("invalid patch format of retainKeys")
    for key, value in patch.items():
        if value is not None and key not in names and key != _RETAIN and not key.startswith(_PREFIXES):
            raise bad_request("invalid patch format of retainKeys")
    for key in [key for key in merged if key not in names]:
        del merged[key]


def _field(merged: Object, key: str, value: Any, schema: Schema) -> None:
    old = merged.get(key)
    if isinstance(old, dict) and isinstance(value, dict):
        below = _below(schema, key)
        replaces = "replace" in below.patch_strategies
        merged[key] = fresh(value) if replaces and _DIRECTIVE not in value else _object(old, value, below)
    elif isinstance(old, list) and isinstance(value, list):
        merged[key] = _list(old, value, _below(schema, key))
    elif isinstance(value, dict) and _DIRECTIVE in value:
        merged.pop(key, None)  # of a directive on nothing, nothing stays
    else:
        merged[key] = fresh(value)


def _below(schema: Schema, key: str) -> Schema:
    """Of a field; where anything may be, nothing is known of it."""
    found = schema.child(key)
    if found is not None:
        return found
    if schema.properties and not schema.preserve_unknown:
        kind = schema.name.rpartition(".")[2]
        raise bad_request(f"unable to find api field in struct {kind} for the json field {quoted(key)}")
    return _NOWHERE


def _delete_values(merged: Object, key: str, values: Any) -> None:
    name = _named(key, _DELETE, "invalid patch format of primitive list")
    if not isinstance(values, list) or any(isinstance(each, dict | list) for each in values):
        raise bad_request("invalid patch format of primitive list")
    old = merged.get(name)
    if isinstance(old, list):
        gone = {ordering.scalar_key(each) for each in values}
        merged[name] = [each for each in old if isinstance(each, dict | list) or ordering.scalar_key(each) not in gone]


def _named(key: str, prefix: str, complaint: str) -> str:
    """The field that a directive speaks of."""
    directive, slash, name = key.partition("/")
    if directive != prefix or not slash:
        raise bad_request(complaint)
    return name


def _ordered_lists(merged: Object, patch: Object, special: Iterable[str], schema: Schema) -> set[str]:
    """Merge the lists whose order is set. Gives the keys of the patch that are dealt with."""
    done: set[str] = set()
    for key in special:
        if not key.startswith(_ORDER):
            continue
        order = patch[key]
        if not isinstance(order, list):
            raise bad_request(f"expected a []interface {{}}, but received a {go_type(order)}")
        name = _named(key, _ORDER, "invalid patch format of setElementOrder list")
        done.update((key, name))
        if name in patch and patch[name] is None:
            merged.pop(name, None)
            continue
        old, new = _as_list(merged.get(name)), _as_list(patch.get(name))
        if old is not None or new is not None:
            merged[name] = _ordered(old, new, order, _below(schema, name))
    return done


def _as_list(value: Any) -> list[Any] | None:
    if value is not None and not isinstance(value, list):
        raise bad_request(f"expected a []interface {{}}, but received a {go_type(value)}")
    return value


def _ordered(old: list[Any] | None, new: list[Any] | None, order: list[Any], schema: Schema) -> list[Any]:
    key = schema.patch_merge_key
    by = Key(key)
    ordering.check(new or [], order, by, _DIRECTIVE)
    if old is None:
        merged = _elements(new or [], key)
    else:
        merged = old if new is None else _list(old, new, schema)
    return ordering.arranged(Elements(merged, by), Elements(order, by), Elements(old or [], by))


def _list(old: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    if "merge" not in schema.patch_strategies:
        return _elements(patch, "")
    if not old and not patch:
        return old
    kind = ordering.element_type(old, patch)
    if kind is not dict:
        return ordering.arranged(
            Elements(ordering.unique([*old, *patch]), Key("")), Elements(patch, Key("")), Elements(old, Key(""))
        )
    if not schema.patch_merge_key:
        raise bad_request("cannot merge lists without merge key for type struct")
    return _objects(old, patch, schema)


def _objects(old: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    """Two lists of objects, merged by key."""
    by = Key(schema.patch_merge_key)
    plain = _without_directives(patch, by)
    if plain.replaces:
        return [fresh(each) for each in plain.elements]
    kept = [each for each in old if not plain.deleted or by.maybe(each) not in plain.deleted]
    merged = list(kept)
    places: dict[Any, int] = {}
    for place, each in enumerate(kept):
        places.setdefault(by.maybe(each), place)
    below = schema.items or _NOWHERE
    for each in plain.elements:
        place = places.setdefault(by.of(each), len(merged))
        if place == len(merged):
            merged.append(fresh(each))
        else:
            merged[place] = _object(merged[place], each, below)
    return ordering.arranged(Elements(merged, by), Elements(plain.elements, by), Elements(kept, by))


class _Plain(msgspec.Struct):
    """Elements of a patch without directives, and what the directives said."""

    elements: list[Object]
    deleted: set[Any]
    replaces: bool = False


def _without_directives(patch: Sequence[Object], by: Key) -> _Plain:
    plain = _Plain([], set())
    for each in patch:
        directive = each.get(_DIRECTIVE, _NOWHERE)
        if directive is _NOWHERE:
            plain.elements.append(each)
        elif directive == "delete":
            plain.deleted.add(by.of(each))
        elif directive == "replace":
            plain.replaces = True
        elif directive == "merge":
            raise bad_request("merging lists cannot yet be specified in the patch")
        else:
            raise _unknown_directive(directive, each)
    return plain


def _elements(patch: list[Any], key: str) -> list[Any]:
    """Of a list that is not there yet, or is replaced: what directives speak of is not there either."""
    if key:
        patch = _without_directives([each for each in patch if isinstance(each, dict)], Key(key)).elements
    return [fresh(each) for each in patch if not (isinstance(each, dict) and _DIRECTIVE in each)]


def fresh(value: Any) -> Any:
    """A copy of a value of a patch that replaces whatever was there: without directives, and without null fields."""
    if isinstance(value, dict):
        return {key: fresh(each) for key, each in value.items() if _is_kept(key, each)}
    if isinstance(value, list):
        return [fresh(each) for each in value if not (isinstance(each, dict) and _DIRECTIVE in each)]
    return value


def _is_kept(key: str, value: Any) -> bool:
    if value is None or (isinstance(value, dict) and _DIRECTIVE in value):
        return False
    return not key.startswith("$") or not (key == _RETAIN or key.startswith(_PREFIXES))
