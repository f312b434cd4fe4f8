"""What is to be done about the pods of a set: pure (stateful_set_control.go updateStatefulSet)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import msgspec

from wherry.kube.controllers.history.revisions import template_of
from wherry.kube.controllers.podcontrol.pods import is_deleting, is_over, phase_of
from wherry.kube.controllers.statefulset import identity, retention, view
from wherry.kube.machinery.model import Object

LATER_SECONDS = 1.0
"""When to look whether a claim has gone."""


class Facts(msgspec.Struct, frozen=True):
    """``current`` and ``update`` are revisions; ``pods`` are by ordinal; ``claim`` finds one by its name; ``reference``
    is an owner reference to the set."""

    owner: Object
    current: Object
    update: Object
    pods: Mapping[int, Object]
    claim: Callable[[str], Object | None]
    reference: Object
    now: datetime


class Step(msgspec.Struct, frozen=True):
    """Of one ordinal, in this order: make ``claims``, then make, delete or change the pod; ``own`` are claims with
    other owners."""

    claims: tuple[Object, ...] = ()
    create: Object | None = None
    delete: Object | None = None
    change: Object | None = None
    own: tuple[Object, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """``steps`` are done one after another, or (``at_once``) together. ``again``: seconds until there is something to
    do though nothing happens."""

    steps: tuple[Step, ...] = ()
    at_once: bool = False
    again: float | None = None


class _Draft(msgspec.Struct):
    """Steps so far, and the shortest wait."""

    steps: list[Step]
    again: float | None = None

    def wait(self, seconds: float | None) -> None:
        if seconds and (self.again is None or seconds < self.again):
            self.again = seconds

    def add(self, step: Step) -> None:
        if step != Step():
            self.steps.append(step)


def plan(facts: Facts) -> Plan:
    draft, owner = _Draft([]), facts.owner
    if not is_deleting(owner):
        _fill(facts, draft)
    return Plan(tuple(draft.steps), view.is_parallel(owner), draft.again)


def _fill(facts: Facts, draft: _Draft) -> None:
    """Where pods come one after another, the first that cannot go on holds up all that comes after it."""
    owner = facts.owner
    in_turn = not view.is_parallel(owner)
    for ordinal in view.ordinals_of(owner):
        if not _replica(facts, draft, ordinal) and in_turn:
            return
    surplus = [pod for ordinal, pod in sorted(facts.pods.items(), reverse=True)
               if ordinal not in view.ordinals_of(owner)]  # fmt: skip
    for pod in surplus:
        draft.add(Step(own=_reowned(facts, pod)))
    if surplus and in_turn:
        _drop_one(facts, draft, surplus)
        return
    for pod in surplus:
        if not is_deleting(pod):
            draft.add(Step(delete=pod))
    if view.rolls(owner):
        for pod in _outdated(facts):
            draft.add(Step(delete=pod))


def _replica(facts: Facts, draft: _Draft, ordinal: int) -> bool:
    """What an ordinal needs. Whether those after it may go on."""
    pod = facts.pods.get(ordinal)
    if pod is None:
        return _missing(facts, draft, ordinal)
    if is_over(pod):
        if not is_deleting(pod):
            draft.add(Step(delete=pod))
        return False
    if phase_of(pod) == "Pending" and not is_deleting(pod):
        draft.add(Step(claims=tuple(_missing_claims(facts, ordinal))))
    seconds = view.seconds_to_go(pod, facts.owner, facts.now)
    draft.wait(seconds)
    if seconds != 0.0 and not view.is_parallel(facts.owner):
        return False
    draft.add(Step(change=identity.corrected(facts.owner, pod, ordinal), own=_reowned(facts, pod)))
    return seconds == 0.0


def _missing(facts: Facts, draft: _Draft, ordinal: int) -> bool:
    """A new pod, unless it would begin with a claim that is about to go."""
    owner, name = facts.owner, identity.pod_name(facts.owner, ordinal)
    for claim in _claims(facts, ordinal):
        if is_deleting(claim) or retention.is_stale(owner, name, claim):
            draft.wait(LATER_SECONDS)
            return False
    revision = facts.current if _stays_current(facts, ordinal) else facts.update
    name = revision["metadata"]["name"]
    pod = identity.new_pod(owner, template_of(revision), name, ordinal, facts.reference)
    draft.add(Step(claims=tuple(_missing_claims(facts, ordinal)), create=pod))
    return False


def _stays_current(facts: Facts, ordinal: int) -> bool:
    """A pod below the partition is made as it was."""
    owner, partition = facts.owner, view.partition_of(facts.owner)
    if partition is None:
        partition = (owner.get("status") or {}).get("currentReplicas") or 0 if view.rolls(owner) else 0
    return bool(ordinal < view.ordinals_of(owner).start + partition)


def _claims(facts: Facts, ordinal: int) -> Iterator[Object]:
    """Those that there are."""
    for template in identity.claim_templates(facts.owner):
        claim = facts.claim(identity.claim_name(facts.owner, template, ordinal))
        if claim is not None:
            yield claim


def _missing_claims(facts: Facts, ordinal: int) -> Iterator[Object]:
    for template in identity.claim_templates(facts.owner):
        if facts.claim(identity.claim_name(facts.owner, template, ordinal)) is None:
            made = identity.new_claim(facts.owner, template, ordinal)
            if owners := retention.owners_of(facts.owner, facts.reference, None, made):
                made["metadata"]["ownerReferences"] = owners
            yield made


def _reowned(facts: Facts, pod: Object) -> tuple[Object, ...]:
    """Claims of a pod that are to have other owners."""
    found = []
    for claim in _claims(facts, view.ordinal_of(pod, facts.owner) or 0):
        owners = retention.owners_of(facts.owner, facts.reference, pod, claim)
        if owners != list(claim["metadata"].get("ownerReferences") or ()):
            found.append({**claim, "metadata": {**claim["metadata"], "ownerReferences": owners}})
    return tuple(found)


def _drop_one(facts: Facts, draft: _Draft, surplus: list[Object]) -> None:
    """The last ordinal goes first; one that is not well only if no other is that comes before it. One that has ended
    will not be well again, and goes as well (upstream waits for it for ever)."""
    last = surplus[0]
    if is_deleting(last):
        return
    unwell = [pod for pod in reversed(surplus) if not view.is_available(pod, facts.owner, facts.now)]
    if last in unwell[1:] and not is_over(last):
        draft.wait(view.seconds_to_go(last, facts.owner, facts.now))
        return
    draft.add(Step(delete=last))


def _outdated(facts: Facts) -> list[Object]:
    """Pods to replace, the last first, so that no more are missing than may be. Where pods need not wait for each
    other, those that are not available anyway go at once."""
    owner, update = facts.owner, facts.update["metadata"]["name"]
    ordinals = view.ordinals_of(owner)
    first = ordinals.start + (view.partition_of(owner) or 0)
    missing = sum(
        1 for each in ordinals
        if each not in facts.pods or not view.is_available(facts.pods[each], owner, facts.now)
    )  # fmt: skip
    old = [
        facts.pods[each] for each in reversed(ordinals)
        if each >= first and each in facts.pods and view.revision_of(facts.pods[each]) != update
        and not is_deleting(facts.pods[each]) and not is_over(facts.pods[each])
    ]  # fmt: skip
    budget = max(view.max_unavailable(owner) - missing, 0)
    if not view.is_parallel(owner):
        return old[:budget]
    idle = [pod for pod in old if not view.is_available(pod, owner, facts.now)]
    return idle + [pod for pod in old if view.is_available(pod, owner, facts.now)][:budget]
