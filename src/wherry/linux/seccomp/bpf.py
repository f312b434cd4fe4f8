"""Classic BPF: a graph of decisions made into a program, and a program run on paper.

A filter is drawn as a graph without loops: load a word of ``struct seccomp_data``, compare, go one way or the other,
return. ``assemble`` lays it out so that every jump goes forward (a rule of BPF) and each shared part occurs once;
``evaluate`` is the interpreter that tests need. Sources: Documentation/networking/filter.rst, seccomp(2).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

_LOAD, _AND, _JUMP, _RETURN = 0x20, 0x54, 0x05, 0x06  # ld [k], and #k, ja, ret #k
_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter
_MOST_INSTRUCTIONS = 4096  # BPF_MAXINSNS
_LONGEST_BRANCH = 255  # jt and jf are bytes


class Comparison(IntEnum):
    """A comparison of the accumulator with a constant: BPF_JMP | BPF_K with …"""

    EQUAL = 0x15
    GREATER = 0x25
    GREATER_EQUAL = 0x35


@dataclass(frozen=True, slots=True, eq=False)
class Return:
    value: int


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Put the 32-bit word at ``offset`` of struct seccomp_data in the accumulator."""

    offset: int
    then: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class And:
    mask: int
    then: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    test: Comparison
    value: int
    yes: "Node"
    no: "Node"


Node = Return | Load | And | Branch  # compared by identity: one node is one place in the program


def assemble(root: Node) -> bytes:
    """The program, an array of struct sock_filter. ValueError when the kernel would not take one so long."""
    layout = _Layout()
    layout.place(root)
    if len(layout.backwards) > _MOST_INSTRUCTIONS:
        raise ValueError(f"the filter has {len(layout.backwards)} instructions, the kernel takes {_MOST_INSTRUCTIONS}")
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in reversed(layout.backwards))


@dataclass(slots=True)
class _Layout:
    """The program from its end to its start, so that whatever is jumped to already has its place."""

    backwards: list[tuple[int, int, int, int]] = field(default_factory=list)
    places: dict[Node, int] = field(default_factory=dict)

    def place(self, node: Node) -> None:
        if node in self.places:
            return
        if isinstance(node, Return):
            self._append(node, _RETURN, node.value)
        elif isinstance(node, Branch):
            self.place(node.no)
            self.place(node.yes)
            self._bring_near(node.no)
            self._bring_near(node.yes)
            self._append(node, node.test, node.value, self._distance(node.yes), self._distance(node.no))
        else:
            self.place(node.then)
            if self._distance(node.then):
                self._append(node.then, _JUMP, self._distance(node.then))
            code, value = (_LOAD, node.offset) if isinstance(node, Load) else (_AND, node.mask)
            self._append(node, code, value)

    def _append(self, node: Node, code: int, value: int, yes: int = 0, no: int = 0) -> None:
        self.backwards.append((code, yes, no, value))
        self.places[node] = len(self.backwards) - 1

    def _distance(self, node: Node) -> int:
        """How many instructions lie between the next one to be placed and ``node``."""
        return len(self.backwards) - self.places[node] - 1

    def _bring_near(self, node: Node) -> None:
        """Have ``node``, or a jump to it, within the reach of a branch, and of one instruction more."""
        if self._distance(node) < _LONGEST_BRANCH:
            return
        if isinstance(node, Return):
            self._append(node, _RETURN, node.value)
        else:
            self._append(node, _JUMP, self._distance(node))


def evaluate(program: bytes, data: bytes) -> tuple[int, int]:
    """Run ``program`` on ``data``, a struct seccomp_data: (what it returns, how many instructions that took)."""
    code = list(_INSTRUCTION.iter_unpack(program))
    at = accumulator = steps = 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        steps += 1
        if operation == _RETURN:
            return value, steps
        if operation == _LOAD:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif operation == _AND:
            accumulator &= value
        elif operation == _JUMP:
            at += value
        else:
            at += yes if _holds(Comparison(operation), accumulator, value) else no


def _holds(test: Comparison, accumulator: int, value: int) -> bool:
    if test is Comparison.EQUAL:
        return accumulator == value
    return accumulator > value if test is Comparison.GREATER else accumulator >= value


def call_data(number: int, audit: int, arguments: Sequence[int] = ()) -> bytes:
    """A struct seccomp_data for ``evaluate``: a system call as the kernel shows it to a filter."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    return struct.pack("=IIQ6Q", number & 0xFFFFFFFF, audit, 0, *(value & 0xFFFFFFFFFFFFFFFF for value in padded))
