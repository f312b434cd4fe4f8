"""Policy rules: what one allows, what many cover (k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go,
k8s.io/component-helpers auth/rbac/validation/policy_comparator.go)."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice

import msgspec
from msgspec.structs import replace

from wherry.kube.apiserver.model import Attributes, Rule
from wherry.kube.apiserver.quoting import quoted_list
from wherry.kube.machinery.model import Object

ALL = "*"
_FIELDS = (
    ("groups", "apiGroups"),
    ("resources", "resources"),
    ("paths", "nonResourceURLs"),
    ("names", "resourceNames"),
    ("verbs", "verbs"),
)
"""Ours and the object's, in the order in which messages name them."""
FULL_AUTHORITY = (Rule((ALL,), (ALL,), (ALL,)), Rule((ALL,), paths=(ALL,)))
"""What cluster-admin has."""


def of_object(document: Object) -> Rule:
    """Of an entry of a role's ``rules``."""
    return Rule(**{ours: tuple(document.get(theirs) or ()) for ours, theirs in _FIELDS})


def rules_of(role: Object) -> tuple[Rule, ...]:
    """Of a Role or a ClusterRole."""
    return tuple(of_object(each) for each in role.get("rules") or ())


def to_object(rule: Rule) -> Object:
    """As an entry of ``rules``; empty lists are left out, but not the verbs."""
    found = {theirs: list(getattr(rule, ours)) for ours, theirs in _FIELDS}
    return {name: value for name, value in found.items() if value or name == "verbs"}


def text(rule: Rule) -> str:
    """As messages about missing rights show it: ``{APIGroups:[""], Resources:["pods"], Verbs:["get"]}``."""
    parts = []
    for ours, theirs in _FIELDS:
        if values := getattr(rule, ours):
            parts.append(f"{'APIGroups' if ours == 'groups' else theirs[0].upper() + theirs[1:]}:{quoted_list(values)}")
    return "{" + ", ".join(parts) + "}"


class Matcher(msgspec.Struct, frozen=True):
    """A rule made ready for questions. ``source`` says for people where the right comes from."""

    rule: Rule
    source: str
    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, rule: Rule, source: str = "") -> "Matcher":
        sets = (frozenset(each) for each in (rule.verbs, rule.groups, rule.resources, rule.names))
        return cls(rule, source, *sets)

    def has_verb(self, verb: str) -> bool:
        return ALL in self.verbs or verb in self.verbs

    def allows_rest(self, asked: Attributes) -> bool:
        """All but the verb matches."""
        if asked.path:
            return path_matches(self.rule.paths, asked.path)
        groups = self.groups
        if asked.group not in groups and ALL not in groups:
            return False
        if self.names and asked.name not in self.names:
            return False
        resources = self.resources
        if ALL in resources:
            return True
        if not asked.subresource:
            return asked.resource in resources
        return f"{asked.resource}/{asked.subresource}" in resources or f"*/{asked.subresource}" in resources

    def allows(self, asked: Attributes) -> bool:
        return self.has_verb(asked.verb) and self.allows_rest(asked)


def path_matches(patterns: Iterable[str], path: str) -> bool:
    """Whether one of ``nonResourceURLs`` is this path, or a beginning of it with ``*`` at the end."""
    return any(_path_covers(each, path) for each in patterns)


def missing(owned: Sequence[Rule], wanted: Sequence[Rule], most: int | None = None) -> list[Rule]:
    """What of ``wanted`` nothing of ``owned`` covers, in the smallest rules: one verb, one resource, one name each. At
    most so many: a rule of a few kilobytes is a million of them."""
    owners = _Owners(owned)
    return list(islice((atom for rule in wanted for atom in _missing_of(rule, owners)), most))


def _missing_of(rule: Rule, owners: "_Owners") -> Iterator[Rule]:
    """Groups that the same owners cover lack the same, and so on: the time it takes grows with the number of values and
    not with that of their combinations."""
    if not rule.paths and owners.has_all(rule):
        return
    verbs = [(verb, owners.of_verb(verb)) for verb in dict.fromkeys(rule.verbs)]
    resources = [(resource, owners.of_resource(resource)) for resource in dict.fromkeys(rule.resources)]
    names = tuple(dict.fromkeys(rule.names))

    @cache
    def names_missing(by: int) -> Sequence[tuple[str, ...]]:
        return [(name,) for name in owners.strange(names, by)] if names else [()] * (not owners.has_unnamed(by))

    @cache
    def of_resource(by: int) -> Sequence[tuple[str, tuple[str, ...]]]:
        return [(verb, name) for verb, has in verbs for name in names_missing(by & has)]

    @cache
    def of_group(by: int) -> Sequence[tuple[str, int]]:
        return [(resource, by & has) for resource, has in resources if of_resource(by & has)]

    for group in dict.fromkeys(rule.groups):
        for resource, by in of_group(owners.of_group(group)):
            for verb, name in of_resource(by):
                yield Rule((verb,), (group,), (resource,), name)
    for path in dict.fromkeys(rule.paths):
        by = owners.of_path(path)
        yield from (Rule((verb,), paths=(path,)) for verb, has in verbs if not by & has)


class _Owners:
    """Rules, as numbers with a bit for each: those that have a verb, a group, a resource, a path."""

    def __init__(self, owned: Sequence[Rule]) -> None:
        self._verbs, self._groups, self._resources = dict[str, int](), dict[str, int](), dict[str, int]()
        self._paths = dict[str, int]()
        self._names: list[frozenset[str]] = [frozenset(each.names) for each in owned]
        self._unnamed = 0
        for place, rule in enumerate(owned):
            bit = 1 << place
            for values, by in (
                (rule.verbs, self._verbs), (rule.groups, self._groups), (rule.resources, self._resources),
                (() if rule.names else rule.paths, self._paths),
            ):  # fmt: skip
                for value in values:
                    by[value] = by.get(value, 0) | bit
            if not rule.names:
                self._unnamed |= bit
        self._patterns = [(pattern, bits) for pattern, bits in self._paths.items() if pattern.endswith(ALL)]

    def of_verb(self, verb: str) -> int:
        return self._verbs.get(verb, 0) | self._verbs.get(ALL, 0)

    def of_group(self, group: str) -> int:
        return self._groups.get(group, 0) | self._groups.get(ALL, 0)

    def of_resource(self, resource: str) -> int:
        found = self._resources.get(resource, 0) | self._resources.get(ALL, 0)
        _, slash, subresource = resource.partition("/")
        return found | self._resources.get(f"*/{subresource}", 0) if slash else found

    def of_path(self, path: str) -> int:
        found = self._paths.get(path, 0)
        for pattern, bits in self._patterns:
            if _path_covers(pattern, path):
                found |= bits
        return found

    def has_all(self, rule: Rule) -> bool:
        """Whether one of these rules alone has all that another has: at a glance, of most."""
        by = self._unnamed
        for values, of in (
            (rule.verbs, self.of_verb),
            (rule.groups, self.of_group),
            (rule.resources, self.of_resource),
        ):
            for value in values:
                by &= of(value)
        return bool(by)

    def has_unnamed(self, by: int) -> bool:
        """Whether one of these rules is of all objects, whatever their names."""
        return bool(by & self._unnamed)

    def strange(self, names: Sequence[str], by: int) -> Sequence[str]:
        """Those that none of these rules is of."""
        if by & self._unnamed:
            return ()
        known: set[str] = set()
        while by:
            known |= self._names[by.bit_length() - 1]
            by &= ~(1 << by.bit_length() - 1)
        return [name for name in names if name not in known]


def _path_covers(pattern: str, path: str) -> bool:
    return pattern == path or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def compacted(rules: Sequence[Rule]) -> list[Rule]:
    """The same rights in fewer lines: rules of one group and resource that differ by the verb only become one
    (upstream's CompactRules)."""
    others: list[Rule] = []
    simple: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        if rule.names or rule.paths or len(rule.groups) != 1 or len(rule.resources) != 1:
            others.append(rule)
            continue
        key = (rule.groups[0], rule.resources[0])
        known = simple.get(key)
        simple[key] = rule if known is None else replace(known, verbs=(*known.verbs, *rule.verbs))
    return others + list(simple.values())
