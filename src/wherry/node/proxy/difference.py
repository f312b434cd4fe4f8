"""From one ruleset to another, and several changes as one: pure."""

from wherry.node.proxy.model import Change, Elements, Ruleset


def difference(old: Ruleset, new: Ruleset) -> Change:
    """A value that changes is an element that goes and one that comes."""
    change = Change()
    change.new_sets = {name: body for name, body in new.sets.items() if name not in old.sets}
    change.old_sets = [name for name in old.sets if name not in new.sets]
    change.set_chains = {name: chain for name, chain in new.chains.items() if old.chains.get(name) != chain}
    change.old_chains = {name: chain for name, chain in old.chains.items() if name not in new.chains}
    for name in dict.fromkeys((*old.elements, *new.elements)):
        if name in change.old_sets:
            continue
        before, after = old.elements.get(name, {}), new.elements.get(name, {})
        gone = {key: value for key, value in before.items() if after.get(key) != value}
        come = {key: value for key, value in after.items() if before.get(key) != value}
        if gone:
            change.delete[name] = gone
        if come:
            change.add[name] = come
    return change


def together(*changes: Change) -> Change:
    """Of parts that have nothing in common."""
    found = Change()
    for each in changes:
        found.new_sets |= each.new_sets
        found.old_sets += each.old_sets
        found.set_chains |= each.set_chains
        found.old_chains |= each.old_chains
        _into(found.delete, each.delete)
        _into(found.add, each.add)
    return found


def united(*rulesets: Ruleset) -> Ruleset:
    """Of parts that have nothing in common but sets, to which each may bring its elements."""
    found = Ruleset()
    for each in rulesets:
        found.sets |= each.sets
        found.chains |= each.chains
        _into(found.elements, each.elements)
    return found


def _into(found: Elements, more: Elements) -> None:
    for name, keys in more.items():
        found[name] = {**found.get(name, {}), **keys}
