"""Builds that may fail."""

from pathlib import Path

from tests.kernel.builds import Failed, made, output, said
from tests.kernel.rig import Rig

EVIL = "evil:1"


def attempt(rig: Rig, text: str, context: Path | None = None, **request: object) -> str:
    """All that a build said, and why it failed if it did."""
    try:
        return output(made(rig, text, context, **request))
    except Failed as failure:
        return said(failure.events) + f"\nrefused: {failure}"
