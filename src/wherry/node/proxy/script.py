"""Rulesets and changes as scripts for nft: pure text."""

from collections.abc import Iterable, Iterator, Mapping

from wherry.node.proxy.model import Chain, Change, Elements, Ruleset, family_of

_FAMILIES = ("inet", "bridge")
_AT_ONCE = 1000
"""Elements in one command: libnftables takes longer than in proportion for very long ones."""


def whole(table: str, ruleset: Ruleset) -> str:
    """Makes both tables exactly this; what was there goes, in the same transaction."""
    lines = [*_removed(table), *(f"add table {family} {table}" for family in _FAMILIES)]
    lines += _new_sets(table, ruleset.sets)
    lines += _new_chains(table, ruleset.chains)
    lines += _rules(table, ruleset.chains)
    lines += _elements("add", table, ruleset.elements)
    return "\n".join(lines) + "\n"


def removal(table: str) -> str:
    """Idempotent."""
    return "\n".join(_removed(table)) + "\n"


def changed(table: str, change: Change) -> str:
    """What is replaced is flushed first. Elements go before others come under the same key, and sets at last."""
    lines = list(_new_sets(table, change.new_sets))
    lines += _new_chains(table, change.set_chains)
    lines += [f"flush chain {chain.family} {table} {name}" for name, chain in change.set_chains.items()]
    lines += _elements("delete", table, change.delete)
    lines += [f"flush chain {chain.family} {table} {name}" for name, chain in change.old_chains.items()]
    lines += _elements("add", table, change.add)
    lines += _rules(table, change.set_chains)
    lines += [f"delete chain {chain.family} {table} {name}" for name, chain in change.old_chains.items()]
    lines += [f"delete set {family_of(name)} {table} {name}" for name in change.old_sets]
    return "\n".join(lines) + "\n"


def _removed(table: str) -> Iterator[str]:
    for family in _FAMILIES:
        yield f"add table {family} {table}"
        yield f"delete table {family} {table}"


def _new_sets(table: str, sets: Mapping[str, str]) -> Iterator[str]:
    for name, body in sets.items():
        yield f"add {_kind(body)} {family_of(name)} {table} {name} {{ {body} }}"


def _kind(body: str) -> str:
    return "map" if " : " in body else "set"


def _new_chains(table: str, chains: Mapping[str, Chain]) -> Iterator[str]:
    """All before any rule, which may go to another one."""
    for name, chain in chains.items():
        yield f"add chain {chain.family} {table} {name}{f' {{ {chain.hook}; }}' if chain.hook else ''}"


def _rules(table: str, chains: Mapping[str, Chain]) -> Iterator[str]:
    for name, chain in chains.items():
        yield from (f"add rule {chain.family} {table} {name} {rule}" for rule in chain.rules)


def _elements(verb: str, table: str, elements: Elements) -> Iterator[str]:
    for name, entries in elements.items():
        texts = [f"{key} : {value}" if value and verb == "add" else key for key, value in entries.items()]
        for part in _parts(texts):
            yield f"{verb} element {family_of(name)} {table} {name} {{ {', '.join(part)} }}"


def _parts(texts: list[str]) -> Iterable[list[str]]:
    return (texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE))
