"""Policy rules: what one allows, what many cover (k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go,
k8s.io/component-helpers auth/rbac/validation/policy_comparator.go)."""

from collections.abc import Iterable, Iterator, Sequence

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


def missing(owned: Sequence[Rule], wanted: Sequence[Rule]) -> list[Rule]:
    """What of ``wanted`` nothing of ``owned`` covers, in the smallest rules: one verb, one resource, one name each."""
    owners = [Matcher.of(each) for each in owned]
    atoms = [atom for rule in wanted for atom in _atoms(rule)]
    return [atom for atom in atoms if not any(_covers(owner, atom) for owner in owners)]


def _atoms(rule: Rule) -> Iterator[Rule]:
    for group in rule.groups:
        for resource in rule.resources:
            for verb in rule.verbs:
                for name in rule.names or ("",):
                    yield Rule((verb,), (group,), (resource,), (name,) if rule.names else ())
    for path in rule.paths:
        for verb in rule.verbs:
            yield Rule((verb,), paths=(path,))


def _covers(owner: Matcher, atom: Rule) -> bool:
    if not owner.has_verb(atom.verbs[0]):
        return False
    if atom.paths:
        return not owner.names and path_matches(owner.rule.paths, atom.paths[0])
    if owner.names and (not atom.names or atom.names[0] not in owner.names):
        return False
    return (ALL in owner.groups or atom.groups[0] in owner.groups) and _has_resource(owner, atom.resources[0])


def _has_resource(owner: Matcher, resource: str) -> bool:
    if ALL in owner.resources or resource in owner.resources:
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and f"*/{subresource}" in owner.resources


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
