"""From resolved rules to a filter.

The program finds the architecture, then the number by halving the range (some 8 comparisons for 500 numbers), then
looks at arguments where a rule does. A number that is simply allowed touches only ``nr`` and ``arch``, so that the
kernel (5.11 and later) notes it in a bitmap and never runs the filter for it (seccomp_cache_prepare in
kernel/seccomp.c).

Rules mean what they mean to runc with libseccomp, whose users wrote them:

* a rule whose action is the default's says nothing;
* a rule without conditions beats those with; of several, the first one counts;
* conditions of one rule hold together, unless two are on the same argument: then each stands for itself (runc,
  libcontainer/seccomp, "legacy behavior");
* names unknown to an architecture are passed over;
* an architecture not listed kills the thread; a number newer than the tables answers ENOSYS, if the default is to
  refuse, because that is what programs expect of a kernel that is older than they are (runc, patchbpf).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wherry.linux.seccomp.architectures import Architecture, tables
from wherry.linux.seccomp.bpf import And, Branch, Comparison, Load, Node, Return, assemble
from wherry.linux.seccomp.resolve import ACTIONS

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data (seccomp(2))
_KILL_THREAD = ACTIONS["SCMP_ACT_KILL_THREAD"]
_ENOSYS = 38
_PERMISSIVE = (ACTIONS["SCMP_ACT_ALLOW"], ACTIONS["SCMP_ACT_LOG"])
_WORD = 0xFFFFFFFF
_ALL_NUMBERS = 1 << 32
# The kernel declares the arguments of these int, and so cuts them to 32 bits after the filter has looked: by 64 bits,
# family 2^32 + 38 would pass as "more than 40" and then be AF_ALG.
_INT_ARGUMENTS = ("socket", "socketpair")


@dataclass(frozen=True, slots=True)
class Condition:
    """``value`` and ``other`` as in the profile: for MASKED_EQ the mask and what must remain."""

    index: int
    op: str
    value: int
    other: int


@dataclass(frozen=True, slots=True)
class Clause:
    """An action, if all of ``conditions`` hold."""

    conditions: tuple[Condition, ...]
    action: int


def compile_rules(section: Mapping[str, Any]) -> bytes:
    """The filter for a resolved ``linux.seccomp`` section. ValueError when it would be too long for the kernel."""
    try:
        return assemble(_Drawing(section).draw())
    except RecursionError as error:
        raise ValueError("seccomp profile: too many conditions on one system call") from error


class _Drawing:
    """The graph of one filter. Actions are made once, so that equal neighbours are the same node."""

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._default = _action_value(section["defaultAction"], section.get("defaultErrnoRet"))
        self._names = section["architectures"]
        self._clauses = list(_clauses(section["syscalls"], self._default))
        self._returns: dict[int, Node] = {}

    def draw(self) -> Node:
        """Tell architectures apart by ``arch``; where two share a value, by the range of their numbers."""
        by_audit: dict[int, list[Architecture]] = {}
        for name in self._names:
            if architecture := tables().get(name):
                by_audit.setdefault(architecture.audit, []).append(architecture)
        found: Node = self._give(_KILL_THREAD)
        for audit, sharing in reversed(by_audit.items()):
            spans = [span for architecture in _by_first(sharing) for span in self._spans(architecture)]
            if audit == tables()["SCMP_ARCH_X86_64"].audit:
                spans = self._around_x32(spans, {architecture.name for architecture in sharing})
            found = Branch(Comparison.EQUAL, audit, Load(_NUMBER, _search(_merged(spans))), found)
        return Load(_ARCHITECTURE, found)

    def _around_x32(self, spans: list[tuple[int, Node]], present: set[str]) -> list[tuple[int, Node]]:
        """Of x86-64 and x32, an ABI that is not listed is as foreign as another architecture.

        Number -1 is no x32 call but one that a tracer withdrew (libseccomp, gen_bpf.c).
        """
        x32 = tables()["SCMP_ARCH_X32"]
        if x32.name not in present:
            beyond = self._beyond()
            return [*spans, (x32.first, self._give(_KILL_THREAD)), (_ALL_NUMBERS - 1, beyond)]
        return spans if len(present) > 1 else [(0, self._give(_KILL_THREAD)), *spans]

    def _spans(self, architecture: Architecture) -> Iterable[tuple[int, Node]]:
        """(first number, what to do from it on), ascending, from the architecture's first number to the last of all."""
        at = architecture.first
        for number, node in sorted(self._decisions(architecture).items(), key=lambda decision: decision[0]):
            yield from self._gap(at, number, architecture.last)
            yield number, node
            at = number + 1
        yield from self._gap(at, _ALL_NUMBERS, architecture.last)

    def _gap(self, at: int, end: int, last: int) -> Iterable[tuple[int, Node]]:
        """Numbers without a rule: ARM has calls of its own far above ``last``."""
        if at < min(end, last + 1):
            yield at, self._give(self._default)
        if max(at, last + 1) < end:
            yield max(at, last + 1), self._beyond()

    def _beyond(self) -> Node:
        permissive = self._default in _PERMISSIVE
        return self._give(self._default if permissive else ACTIONS["SCMP_ACT_ERRNO"] | _ENOSYS)

    def _decisions(self, architecture: Architecture) -> dict[int, Node]:
        clauses: dict[int, list[Clause]] = {}
        for name, clause in self._clauses:
            if name in architecture.numbers:
                clauses.setdefault(architecture.numbers[name], []).append(clause)
            for door, calls in architecture.doors.items():
                if name in calls:
                    clauses.setdefault(architecture.numbers[door], []).append(_through(clause, calls[name]))
        narrow = {architecture.numbers[name] for name in _INT_ARGUMENTS if name in architecture.numbers}
        return {
            number: self._decide(found, architecture.wide and number not in narrow) for number, found in clauses.items()
        }

    def _decide(self, clauses: Sequence[Clause], wide: bool) -> Node:
        for clause in clauses:
            if not clause.conditions:
                return self._give(clause.action)
        node = self._give(self._default)
        for clause in reversed(clauses):
            yes = self._give(clause.action)
            for condition in reversed(clause.conditions):
                yes = _check(condition, wide, yes, node)
            node = yes
        return node

    def _give(self, action: int) -> Node:
        return self._returns.setdefault(action, Return(action))


def _by_first(sharing: list[Architecture]) -> list[Architecture]:
    return sorted(sharing, key=lambda architecture: architecture.first)


def _clauses(rules: Iterable[Mapping[str, Any]], default: int) -> Iterable[tuple[str, Clause]]:
    for rule in rules:
        action = _action_value(rule["action"], rule.get("errnoRet"))
        if action == default:
            continue
        conditions = [
            Condition(entry["index"], entry["op"].removeprefix("SCMP_CMP_"), entry["value"], entry["valueTwo"])
            for entry in rule.get("args") or ()
        ]
        alternatives = [tuple(conditions)]
        if len({condition.index for condition in conditions}) < len(conditions):
            alternatives = [(condition,) for condition in conditions]
        for name in rule["names"]:
            for alternative in alternatives:
                yield name, Clause(alternative, action)


def _through(clause: Clause, call: int) -> Clause:
    """The same by a multiplexing call, whose first argument takes the place of the clause's own (as in libseccomp)."""
    others = [condition for condition in clause.conditions if condition.index]
    return Clause((Condition(0, "EQ", call, 0), *others), clause.action)


def _action_value(action: str, number: int | None) -> int:
    return ACTIONS[action] | (number or 0)


def _merged(spans: Iterable[tuple[int, Node]]) -> list[tuple[int, Node]]:
    """Without the spans that go on as the one before."""
    merged: list[tuple[int, Node]] = []
    for start, node in spans:
        if not merged or merged[-1][1] is not node:
            merged.append((start, node))
    return merged


def _search(spans: Sequence[tuple[int, Node]]) -> Node:
    if len(spans) == 1:
        return spans[0][1]
    middle = len(spans) // 2
    return Branch(Comparison.GREATER_EQUAL, spans[middle][0], _search(spans[middle:]), _search(spans[:middle]))


def _check(condition: Condition, wide: bool, yes: Node, no: Node) -> Node:
    """The nodes that compare an argument. BPF has 32 bits: the upper half decides, unless it is equal."""
    if condition.op == "MASKED_EQ":
        return _masked(condition, wide, yes, no)
    negated = {"NE": "EQ", "LT": "GE", "LE": "GT"}
    if condition.op in negated:
        return _compare(condition, negated[condition.op], wide, no, yes)
    return _compare(condition, condition.op, wide, yes, no)


def _compare(condition: Condition, op: str, wide: bool, yes: Node, no: Node) -> Node:
    low, high = condition.value & _WORD, condition.value >> 32
    test = {"EQ": Comparison.EQUAL, "GT": Comparison.GREATER, "GE": Comparison.GREATER_EQUAL}[op]
    lower: Node = Load(_ARGUMENTS + 8 * condition.index, Branch(test, low, yes, no))
    if not wide:  # the upper half is 0
        return no if high else lower
    upper: Node = Branch(Comparison.EQUAL, high, lower, no)
    if op != "EQ":
        upper = Branch(Comparison.GREATER, high, yes, upper)
    return Load(_ARGUMENTS + 8 * condition.index + 4, upper)


def _masked(condition: Condition, wide: bool, yes: Node, no: Node) -> Node:
    """Equal to the *masked* value (seccomp_rule_add(3)), so bits outside of the mask never matter."""
    offset, mask = _ARGUMENTS + 8 * condition.index, condition.value
    wanted = condition.other & mask
    if not wide and wanted >> 32:
        return no
    node: Node = Load(offset, And(mask & _WORD, Branch(Comparison.EQUAL, wanted & _WORD, yes, no)))
    if wide and mask >> 32:
        node = Load(offset + 4, And(mask >> 32, Branch(Comparison.EQUAL, wanted >> 32, node, no)))
    return node
