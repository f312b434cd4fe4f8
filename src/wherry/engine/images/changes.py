"""Changes to an image's configuration, written as Dockerfile instructions (``docker import --change``, ``commit``).

The language is :mod:`wherry.engine.dockerfile`; which of its instructions are changes is moby's rule (28.x,
``dockerfile.BuildFromConfig``).
"""

from collections.abc import Sequence

from wherry.engine.dockerfile.instructions import instruction
from wherry.engine.dockerfile.lines import Line
from wherry.engine.dockerfile.model import BACKSLASH
from wherry.engine.dockerfile.parser import parse_lines
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.settings import Settings, apply
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig

_CHANGES = frozenset(
    {
        "cmd",
        "entrypoint",
        "env",
        "expose",
        "healthcheck",
        "label",
        "onbuild",
        "stopsignal",
        "user",
        "volume",
        "workdir",
    }
)


def apply_changes(config: ContainerConfig, changes: Sequence[str]) -> ContainerConfig:
    """``config`` after ``changes``, in order; all are checked before any is applied. Raises Invalid."""
    if not changes:
        return config
    lines = parse_lines("\n".join(changes))
    _check(lines)
    settings = Settings(config)
    for one in [instruction(line, BACKSLASH) for line in lines]:
        variables = dict(entry.partition("=")[::2] for entry in settings.config.env or ())
        settings = apply(settings, resolved(one, variables.get, BACKSLASH))
    return settings.config


def _check(lines: Sequence[Line]) -> None:
    for line in lines:
        if line.statement.keyword not in _CHANGES:
            raise Invalid(f"{line.statement.name} is not a valid change command")
