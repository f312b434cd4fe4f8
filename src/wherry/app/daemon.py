"""What both daemons begin with, ``node`` and ``control``."""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Iterable

from wherry.app.config import Settings, load
from wherry.app.troubles import Troubles
from wherry.kit.errors import Invalid

HOPELESS = 78  # sysexits.h EX_CONFIG: the supervisor does not try again
# Allocations between two collections: as much memory as with Python's own number, and the time of none at all.
_SELDOM = 20_000


def begin(arguments: argparse.Namespace, names: Iterable[str]) -> Settings | None:
    """The settings, where ``names`` are flags; None when they are wrong, which was said.

    Lock and lifeline are the daemon's alone, its log is written, and the collector waits until it has started: what is
    loaded stays.
    """
    for descriptor in (arguments.lock_fd, arguments.lifeline_fd):
        if descriptor is not None:
            os.set_inheritable(descriptor, False)
    try:
        settings = load({name: getattr(arguments, name) for name in names})
    except Invalid as error:
        print(f"wherry: {error.message}", file=sys.stderr)
        return None
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    if settings.log_level.upper() != "DEBUG":
        for handler in logging.getLogger().handlers:
            handler.addFilter(Troubles())
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    gc.set_threshold(_SELDOM, *gc.get_threshold()[1:])
    return settings
