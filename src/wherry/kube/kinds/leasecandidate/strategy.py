"""Rules of LeaseCandidates (k8s.io/kubernetes pkg/apis/coordination)."""

import re
from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.lease.strategy import OLDEST, validate_strategy
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found
from wherry.kube.machinery.fielderrors import FieldError, invalid, required
from wherry.kube.machinery.model import Object

_NUMBER, _PART = "(?:0|[1-9][0-9]*)", "[0-9A-Za-z-]+"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PART}(?:\.{_PART})*))?(?:\+{_PART}(?:\.{_PART})*)?", re.ASCII
)
_LONGEST = 256  # characters; no version needs that many
_BINARY, _EMULATION = SPEC.child("binaryVersion"), SPEC.child("emulationVersion")
Version = tuple[tuple[int, ...], bool, list[tuple[int, int, str]]]


class LeaseCandidateStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = [] if spec.get("leaseName") else [required(SPEC.child("leaseName"))]
        found += _validate_versions(spec.get("binaryVersion", ""), spec.get("emulationVersion", ""))
        strategy = spec.get("strategy", "")
        if strategy == OLDEST:
            why = f"must be specified when `strategy` is '{OLDEST}'"
            missing = [name for name in ("binaryVersion", "emulationVersion") if not spec.get(name)]
            found += [required(SPEC.child(name), why) for name in missing]
        return found + validate_strategy(strategy, SPEC.child("strategy"))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        now, before = obj.get("spec", {}).get("leaseName"), old.get("spec", {}).get("leaseName")
        return [*self.validate(obj, context), *immutable(SPEC.child("leaseName"), now, before)]


def _validate_versions(binary: str, emulation: str) -> Found:
    found: Found = []
    for path, text in ((_EMULATION, emulation), (_BINARY, binary)):
        if text and read_version(text) is None:
            found.append(invalid(path, text, "must be a valid semantic version"))
    runs, emulates = read_version(binary), read_version(emulation)
    if runs and emulates and runs < emulates:
        found.append(invalid(_BINARY, binary, "must be greater than or equal to `emulationVersion`"))
    return found


def read_version(text: str) -> Version | None:
    """A key to compare by, as semver.org orders versions; None when the text is none."""
    found = _SEMVER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    early = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in (found[4] or "").split(".") if part]
    return tuple(int(each) for each in found.groups()[:3]), found[4] is None, early
