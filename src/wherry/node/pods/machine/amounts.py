"""What is said of amounts, in the words of the kubelet's flags (``--eviction-hard``, ``--kube-reserved``). Pure."""

from collections.abc import Iterable, Mapping

from wherry.kit.durations import parse_duration
from wherry.kit.errors import Invalid
from wherry.kube.machinery.quantity import Quantity, parse
from wherry.node.pods.machine.signals import SIGNALS
from wherry.node.pods.options import Least, Reserved, Soft

_RESERVED = ("cpu", "memory", "ephemeral-storage")


def reserved(words: Iterable[str]) -> Reserved:
    """``cpu=100m`` and so on. Raises Invalid."""
    found = dict(_pair(word, "=", _RESERVED, "RESOURCE=AMOUNT") for word in words)
    amounts = {name: _amount(name, said) for name, said in found.items()}
    return Reserved(
        millicpu=amounts["cpu"].milli if "cpu" in amounts else 0,
        memory_bytes=amounts["memory"].value if "memory" in amounts else 0,
        storage_bytes=amounts["ephemeral-storage"].value if "ephemeral-storage" in amounts else 0,
    )


def least(words: Iterable[str]) -> Mapping[str, Least]:
    """``memory.available<100Mi``, ``nodefs.available<10%``, by their signals. Raises Invalid."""
    found = dict(_pair(word, "<", tuple(SIGNALS), "SIGNAL<AMOUNT") for word in words)
    return {signal: _least(signal, said) for signal, said in found.items()}


def soft(words: Iterable[str], graces: Iterable[str]) -> Mapping[str, Soft]:
    """``memory.available<500Mi`` with ``memory.available=1m30s``, by their signals. Raises Invalid."""
    found = dict(_pair(word, "=", tuple(SIGNALS), "SIGNAL=DURATION") for word in graces)
    seconds = {signal: _seconds(signal, said) for signal, said in found.items()}
    amounts = least(words)
    for signal in amounts:
        if signal not in seconds:
            raise Invalid(f"grace period must be specified for the soft eviction threshold {signal}")
    return {signal: Soft(amount, seconds[signal]) for signal, amount in amounts.items()}


def reclaim(words: Iterable[str]) -> Mapping[str, Least]:
    """``memory.available=200Mi``, ``nodefs.available=5%``, by their signals. Raises Invalid."""
    found = dict(_pair(word, "=", tuple(SIGNALS), "SIGNAL=AMOUNT") for word in words)
    return {signal: _least(signal, said) for signal, said in found.items()}


def _seconds(signal: str, said: str) -> float:
    try:
        found = parse_duration(said) / 10**9
    except Invalid as error:
        raise Invalid(f"{signal}: {error.message}") from error
    if found < 0:
        raise Invalid(f"{signal}: {said} is less than nothing")
    return found


def _pair(word: str, between: str, names: tuple[str, ...], form: str) -> tuple[str, str]:
    name, found, said = word.partition(between)
    if not found:
        raise Invalid(f"expected {form}, not {word!r}")
    if name not in names:
        raise Invalid(f"{name!r} is none of {', '.join(names)}")
    return name, said


def _least(signal: str, said: str) -> Least:
    if not said.endswith("%"):
        return Least(_amount(signal, said).value)
    try:
        share = float(said[:-1]) / 100
    except ValueError:
        raise Invalid(f"{signal}: {said!r} is no percentage") from None
    if not 0 <= share <= 1:
        raise Invalid(f"{signal}: {said} is not between 0% and 100%")
    return Least(share=share)


def _amount(name: str, said: str) -> Quantity:
    try:
        found = parse(said)
    except ValueError as error:
        raise Invalid(f"{name}: {error}") from error
    if found.nano < 0:
        raise Invalid(f"{name}: {said} is less than nothing")
    return found
