"""Rules of StorageVersionMigrations (k8s.io/kubernetes pkg/apis/storagemigration/validation)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, conditions, true_condition
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

_FINAL = ("Succeeded", "Failed")
_WORDS = {"Succeeded": "success", "Failed": "failed"}
_CONDITIONS, _VERSION = STATUS.child("conditions"), STATUS.child("resourceVersion")


class StorageVersionMigrationStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        found: Found = []
        if not obj.get("spec", {}).get("resource", {}).get("resource"):
            found.append(required(SPEC.child("resource", "resource"), "resource is required"))
        return found

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = (each.get("spec", {}).get("resource", {}) for each in (obj, old))
        found = [*self.validate(obj, context)]
        for name in ("group", "resource"):
            found += immutable(Path(name), now.get(name), before.get(name))  # upstream's path
        return found

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status, before = obj.get("status", {}), old.get("status", {})
        version = status.get("resourceVersion", "")
        found = _validate_version(version)
        found += conditions(_CONDITIONS, status.get("conditions") or ())
        if before.get("resourceVersion") and version != before["resourceVersion"]:
            found.append(invalid(_VERSION, version, "cannot be updated"))
        return found + _validate_end(obj, old)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return ("this server keeps StorageVersionMigrations but does not run them yet",) if old is None else ()


def _validate_version(text: str) -> Found:
    if not text:
        return []
    try:
        number = int(text)
    except ValueError:
        why = f'failed to parse resource version "{text}": strconv.ParseInt: parsing "{text}": invalid syntax'
        return [invalid(_VERSION, text, why)]
    return [invalid(_VERSION, number, names.NEGATIVE)] if number < 0 else []


def _validate_end(obj: Object, old: Object) -> Found:
    """A migration ends once, one way or the other, and does not run after that."""
    shown = obj.get("status", {}).get("conditions") or []
    ended = [kind for kind in _FINAL if true_condition(obj, kind)]
    complaints = ["Both success and failed conditions cannot be true at the same time"] if len(ended) == 2 else []
    if true_condition(obj, "Running"):
        complaints += [f"Running condition cannot be true when {_WORDS[kind]} condition is true" for kind in ended]
    for kind in _FINAL:
        if true_condition(old, kind) and kind not in ended:
            complaints.append(f"{_WORDS[kind].capitalize()} condition cannot be set to false once it is true")
    return [invalid(_CONDITIONS, shown, why) for why in complaints]
