"""The patch that ``kubectl apply`` sends, made as the design of strategic merge describes it."""

from typing import Any

from wherry.kube.machinery.schema.model import Schema

Object = dict[str, Any]
NOTHING: Object = {}


def three_way(last: Object, live: Object, new: Object, schema: Schema) -> Object:
    """What makes ``new`` of what was applied last, and lets alone what others did to the live object."""
    patch: Object = {key: None for key in last if key not in new}
    for key, value in new.items():
        below = schema.child(key) or Schema()
        if key not in live or type(live[key]) is not type(value):
            patch[key] = value
        elif isinstance(value, dict) and below.map_type != "atomic" and "replace" not in below.patch_strategies:
            if found := three_way(_dict(last.get(key)), live[key], value, below):
                patch[key] = found
                if "retainKeys" in below.patch_strategies:
                    found["$retainKeys"] = sorted(value)
        elif isinstance(value, list) and "merge" in below.patch_strategies:
            patch.update(_lists(key, (last.get(key) or [], live[key], value), below))
        elif live[key] != value:
            patch[key] = value
    return patch


def _dict(value: Any) -> Object:
    return value if isinstance(value, dict) else NOTHING


def _lists(name: str, lists: tuple[list[Any], list[Any], list[Any]], schema: Schema) -> Object:
    last, live, new = lists
    if not schema.patch_merge_key:
        gone = [each for each in last if each not in new]
        more = [each for each in new if each not in live]
        found: Object = {f"$deleteFromPrimitiveList/{name}": gone} if gone else {}
        if not gone and [each for each in live if each in new] == new:
            return {}
        return {**found, **({name: more} if more else {}), f"$setElementOrder/{name}": new}
    key = schema.patch_merge_key
    assert schema.items is not None
    olds, lives = ({each[key]: each for each in elements} for elements in (last, live))
    changed: list[Object] = []
    for each in new:
        now = lives.get(each[key])
        patch = each if now is None else three_way(olds.get(each[key], NOTHING), now, each, schema.items)
        if patch:
            changed.append({**patch, key: each[key]})
    kept = {each[key] for each in new}
    changed += [{key: each, "$patch": "delete"} for each in olds if each not in kept]
    same_order = [each[key] for each in live if each[key] in kept] == [each[key] for each in new]
    if not changed and same_order:
        return {}
    order = [{key: each[key]} for each in new]
    return {f"$setElementOrder/{name}": order, **({name: changed} if changed else {})}
