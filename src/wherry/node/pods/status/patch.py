"""What has to be written of a status, and whether it can wait."""

from wherry.kube.machinery.model import Object

_WHOLE = ("podIPs", "hostIPs")
"""Lists that are merged by a patch: what is not said any more has to be taken out."""
_URGENT = ("Ready", "DisruptionTarget", "AllContainersRestarting")
_LISTS = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


def difference(known: Object, wanted: Object, uid: str) -> Object | None:
    """A strategic merge patch of the pod that brings its status from ``known`` to ``wanted``; None: nothing is to be
    done. None in ``wanted`` means that there is no such field. With the uid it hits no other pod of the same name."""
    changed: Object = {}
    for name, value in wanted.items():
        before = known.get(name)
        if name == "conditions":
            changed_conditions = _conditions(before or [], value)
            if changed_conditions:
                changed[name] = changed_conditions
        elif not _is_same(before, value):
            changed[name] = value if name not in _WHOLE else [*value, {"$patch": "replace"}]
    return {"metadata": {"uid": uid}, "status": changed} if changed else None


def _is_same(before: object, value: object) -> bool:
    """Mostly they are equal as they stand, and nothing need be taken apart."""
    return before == value or _plain(before) == _plain(value)


def _plain(value: object) -> object:
    """Nothing is as good as empty; what is None in an object is not there."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None} or None
    if isinstance(value, list):
        return [_plain(each) for each in value] or None
    return value


def _conditions(before: list[Object], wanted: list[Object]) -> list[Object]:
    known = {each.get("type"): each for each in before}
    changed = [
        {**dict.fromkeys(known.get(each["type"]) or ()), **each}  # what is not said any more is taken out, too
        for each in wanted
        if each["status"] and not _is_same(known.get(each["type"]), each)
    ]
    gone = [each["type"] for each in wanted if not each["status"] and each["type"] in known]
    return changed + [{"$patch": "delete", "type": kind} for kind in gone]


def is_urgent(known: Object, patch: Object) -> bool:
    """Others wait for it: that it runs, is ready or has ended, or does not any more, or why."""
    changed = patch["status"]
    if "phase" in changed and changed["phase"] != known.get("phase", "Pending"):
        return True
    conditions = changed.get("conditions") or ()
    if any(each["type"] in _URGENT and _turned(known, each) for each in conditions):
        return True
    statuses = [each for name in _LISTS for each in changed.get(name) or ()]
    ran = {each["name"] for name in _LISTS for each in known.get(name) or () if "running" in (each.get("state") or {})}
    if any(each.get("name") in ran and "running" not in each["state"] for each in statuses):
        return True
    states = [each["state"] for each in statuses]
    usual = ("ContainerCreating", "PodInitializing")
    return any("terminated" in each or each.get("waiting", {}).get("reason", usual[0]) not in usual for each in states)


def _turned(known: Object, condition: Object) -> bool:
    before = next((each for each in known.get("conditions") or () if each["type"] == condition["type"]), None)
    return bool((before or {}).get("status", "False") != condition["status"])
