"""The scheduler's own settings: upstream's file, where there is one."""

from pathlib import Path
from typing import TYPE_CHECKING

from wherry.kit.errors import Invalid

if TYPE_CHECKING:
    from wherry.kube.scheduler.options import Options

_MOST_BYTES = 1 << 20


def scheduling(path: Path | None) -> "Options | None":
    """What ``scheduler.config`` says; None: nothing, and nothing is loaded for it. Raises Invalid."""
    if path is None:
        return None
    from wherry.kube.machinery.status import StatusError
    from wherry.kube.machinery.yamldocs import parse
    from wherry.kube.scheduler.configuration import options_of

    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise Invalid(f"scheduler.config: {path} is larger than 1 MiB")
        found = parse(content)
        if found.duplicates or not isinstance(found.document, dict):
            raise Invalid(f"scheduler.config: {path} has to be one object, each field once")
        return options_of(found.document)
    except OSError as error:
        raise Invalid(f"scheduler.config: {path}: {error.strerror}") from error
    except StatusError as error:
        raise Invalid(f"scheduler.config: {path}: {error}") from error
    except Invalid as error:
        said = error.message
        raise Invalid(said if said.startswith("scheduler.config") else f"scheduler.config: {path}: {said}") from error
