import random
import struct

import pytest

from wherry.linux.seccomp.bpf import And, Branch, Comparison, Load, Node, Return, assemble, call_data, evaluate

NO, YES = Return(0), Return(1)


def answer(root: Node, number: int) -> int:
    return evaluate(assemble(root), call_data(number, 0))[0]


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (Comparison.EQUAL, [False, True, False]),
        (Comparison.GREATER, [False, False, True]),
        (Comparison.GREATER_EQUAL, [False, True, True]),
    ],
)
def test_a_comparison_is_unsigned_and_goes_both_ways(test: Comparison, holds: list[bool]) -> None:
    value = 0x80000000
    root = Load(0, Branch(test, value, YES, NO))
    assert [answer(root, value + delta) == 1 for delta in (-1, 0, 1)] == holds


def test_a_mask_comes_before_the_comparison() -> None:
    root = Load(0, And(0xF0, Branch(Comparison.EQUAL, 0x20, YES, NO)))
    assert [answer(root, number) for number in (0x2F, 0x120, 0x30)] == [1, 1, 0]


def test_arguments_lie_where_the_kernel_puts_them() -> None:
    data = call_data(5, 7, [0, 0x0102030405060708])
    assert struct.unpack_from("=II", data) == (5, 7)
    assert struct.unpack_from("=Q", data, 16 + 8) == (0x0102030405060708,)
    assert len(data) == 64


def test_a_shared_part_occurs_once() -> None:
    shared = Load(4, Branch(Comparison.EQUAL, 0, YES, NO))
    root = Load(0, Branch(Comparison.GREATER, 9, shared, Branch(Comparison.EQUAL, 3, shared, NO)))
    # 3 loads or returns of the shared part's own, and what leads to it
    assert len(assemble(root)) // 8 <= 8
    assert [answer(root, number) for number in (3, 4, 10)] == [1, 0, 1]


def test_branches_reach_further_than_a_byte_says() -> None:
    """A search among 2000 numbers has halves that lie hundreds of instructions away."""
    generator = random.Random(1)
    leaves = [Return(generator.randrange(1 << 16)) for _ in range(1500)]

    def search(first: int, last: int) -> Node:
        if first == last:
            return leaves[first]
        middle = (first + last + 1) // 2
        return Branch(Comparison.GREATER_EQUAL, middle, search(middle, last), search(first, middle - 1))

    program = assemble(Load(0, search(0, len(leaves) - 1)))
    assert len(program) // 8 > 1000
    for number, leaf in enumerate(leaves):
        assert evaluate(program, call_data(number, 0))[0] == leaf.value


def test_a_long_chain_still_ends_in_the_right_place() -> None:
    node: Node = NO
    for number in range(300):
        node = Load(0, Branch(Comparison.EQUAL, number, YES, node))
    program = assemble(node)
    assert [evaluate(program, call_data(number, 0))[0] for number in (0, 150, 299, 300)] == [1, 1, 1, 0]


def test_what_the_kernel_would_not_take_is_refused() -> None:
    leaves: list[Node] = [Return(number) for number in range(4096)]
    while len(leaves) > 1:
        leaves = [Branch(Comparison.EQUAL, at, leaves[at], leaves[at + 1]) for at in range(0, len(leaves), 2)]
    with pytest.raises(ValueError, match="instructions, the kernel takes 4096"):
        assemble(Load(0, leaves[0]))
