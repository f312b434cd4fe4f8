"""Texts as instructions, for the tests of what is done with them."""

from wherry.engine.dockerfile.instructions import instruction
from wherry.engine.dockerfile.lines import logical_lines
from wherry.engine.dockerfile.model import Instruction


def one(text: str, escape: str = "\\") -> Instruction:
    """The only instruction of ``text``."""
    (line,) = logical_lines(text, escape)
    return instruction(line, escape)
