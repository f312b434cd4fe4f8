"""HEALTHCHECK out of its line. Pure; rules and wording as in :mod:`wherry.engine.dockerfile.instructions`."""

import re

from wherry.engine.dockerfile.flags import Flags, Kind
from wherry.engine.dockerfile.lines import Line
from wherry.engine.dockerfile.model import Command, ExecForm, Healthcheck, ShellForm
from wherry.engine.dockerfile.words import first_word, json_array, quoted
from wherry.kit.durations import parse_duration
from wherry.kit.errors import Invalid

_DURATIONS = ("interval", "timeout", "start-period", "start-interval")
_FLAGS = dict.fromkeys((*_DURATIONS, "retries"), Kind.TEXT)
_MINIMUM_NANOSECONDS = 1_000_000  # moby container.MinimumDuration: 1 ms


def healthcheck(line: Line) -> Healthcheck:
    """Raises Invalid."""
    said = line.statement
    if not said.rest:
        raise Invalid("HEALTHCHECK requires at least one argument")
    word, rest = first_word(said.rest)
    kind = word.upper()
    if kind == "NONE":
        if rest:
            raise Invalid("HEALTHCHECK NONE takes no arguments")
        return Healthcheck(line.location, None)
    flags = Flags(said.flags, _FLAGS)
    if kind != "CMD":
        raise Invalid(f"Unknown type {quoted(kind)} in HEALTHCHECK (try CMD)")
    command = _command(rest)
    interval, timeout, start_period, start_interval = (_nanoseconds(name, flags.text(name)) for name in _DURATIONS)
    retries = _retries(flags.text("retries"))
    return Healthcheck(line.location, command, interval, timeout, start_period, start_interval, retries)


def _command(rest: str) -> Command:
    array = json_array(rest)
    if not (rest if array is None else array):
        raise Invalid("Missing command after HEALTHCHECK CMD")
    return ShellForm(rest) if array is None else ExecForm(array)


def _nanoseconds(name: str, text: str) -> int:
    nanoseconds = parse_duration(text) if text else 0
    if 0 != nanoseconds < _MINIMUM_NANOSECONDS:
        raise Invalid(f"Interval {quoted(name)} cannot be less than 1ms")
    return nanoseconds


def _retries(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text):
        raise Invalid(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    retries = int(text)
    if not -(1 << 31) <= retries < 1 << 31:
        raise Invalid(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    if retries < 0:
        raise Invalid(f"--retries cannot be negative ({retries})")
    return retries
