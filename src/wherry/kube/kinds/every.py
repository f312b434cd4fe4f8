"""All built-in kinds. A new one is a folder beside this file and a line in one of the two lists."""

from wherry.kube.kinds.every_core import core
from wherry.kube.kinds.every_other import other
from wherry.kube.kinds.model import Kind


def builtin() -> tuple[Kind, ...]:
    """Core group first; the server serves them all."""
    return (*core(), *other())
