"""Errors of the engine as those of :class:`wherry.node.pods.runtime.PodRuntime`."""

from collections.abc import Iterator
from contextlib import contextmanager

from wherry.engine.runtime.model import StartFailed
from wherry.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, Unsupported, WherryError


@contextmanager
def translated() -> Iterator[None]:
    """NotFound, Invalid and Unavailable pass; another state would allow what conflicts, so that may work later; the
    kernel's refusals may have passed the next time."""
    try:
        yield
    except (NotFound, Invalid, Unavailable):
        raise
    except (Unsupported, Forbidden) as error:
        raise Invalid(error.message) from error
    except Conflict as error:
        raise Unavailable(error.message) from error
    except StartFailed as error:
        raise Unavailable(str(error)) from error
    except WherryError as error:
        raise Unavailable(error.message) from error
    except OSError as error:
        raise Unavailable(str(error)) from error
