"""The roles and bindings of the caches, by whom they are for.

Cluster role bindings hold everywhere, role bindings in their namespace. What a user has in a namespace is put together
when it is first asked for, and forgotten when any role or binding changes.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from wherry.kube.apiserver.authn.accounts import username
from wherry.kube.apiserver.authz.rules import Matcher, rules_of
from wherry.kube.apiserver.authz.tracking import Key, Tracked, key_of
from wherry.kube.apiserver.model import Listers, Rule, User
from wherry.kube.apiserver.quoting import quoted
from wherry.kube.kinds.model import ALL_VERBS
from wherry.kube.machinery.model import GroupResource, Object

GROUP = "rbac.authorization.k8s.io"
ROLES = GroupResource(GROUP, "roles")
CLUSTER_ROLES = GroupResource(GROUP, "clusterroles")
ROLE_BINDINGS = GroupResource(GROUP, "rolebindings")
CLUSTER_ROLE_BINDINGS = GroupResource(GROUP, "clusterrolebindings")
_MAX_USERS = 4096
"""How many users' rights are kept put together; beyond it all are forgotten."""
_VERBS = frozenset((*ALL_VERBS, "impersonate", "bind", "escalate", "approve", "sign", "proxy"))
"""Those by which a user's rights are sorted. Others can be anything, and are looked for in all of them."""

Subject = tuple[str, str]
"""Kind (User or Group) and name: a service account is the user that it is."""


class Bound(msgspec.Struct, frozen=True):
    """One subject of one binding. ``role``: kind, namespace and name; ``source`` for people."""

    binding: Key
    position: int
    subject: Subject
    role: tuple[str, str, str]
    source: str


class Rights(msgspec.Struct):
    """What a user has in a namespace. ``errors`` name roles that bindings refer to and that are not there.
    ``known``: where the right to a verb on a resource (group, resource, subresource) comes from, whatever the name."""

    matchers: list[Matcher]
    errors: list[str]
    known: dict[tuple[str, str, str, str], str] = msgspec.field(default_factory=dict)
    _by_verb: dict[str, list[Matcher]] = msgspec.field(default_factory=dict)

    def of_verb(self, verb: str) -> list[Matcher]:
        """Those with the verb, in order."""
        found = self._by_verb.get(verb)
        if found is None:
            found = [each for each in self.matchers if each.has_verb(verb)]
            if verb in _VERBS:
                self._by_verb[verb] = found
        return found

    @property
    def rules(self) -> list[Rule]:
        return [each.rule for each in self.matchers]


class Bindings:
    """The bindings of one lister, by namespace and subject."""

    def __init__(self, tracked: Tracked) -> None:
        self._tracked = tracked
        self._by_key: dict[Key, list[Bound]] = {}
        self._by_subject: dict[tuple[str, Subject], dict[Key, Bound]] = defaultdict(dict)

    def refresh(self) -> None:
        changes = self._tracked.changes()
        if changes is None:
            self._by_key.clear()
            self._by_subject.clear()
            changes = ((key_of(each), each) for each in self._tracked.lister.list())
        for key, binding in changes:
            self._replace(key, binding)

    def _replace(self, key: Key, binding: Object | None) -> None:
        for bound in self._by_key.pop(key, ()):
            subjects = self._by_subject[key[0], bound.subject]
            subjects.pop(key, None)
            if not subjects:
                del self._by_subject[key[0], bound.subject]
        if binding is None:
            return
        self._by_key[key] = found = list(_bound(key, binding))
        for bound in found:
            self._by_subject[key[0], bound.subject].setdefault(key, bound)

    def of(self, subjects: Iterable[Subject], namespace: str) -> list[Bound]:
        """Each binding once, with the first of its subjects that is one of these; in the order of names."""
        found: dict[Key, Bound] = {}
        for subject in subjects:
            for key, bound in self._by_subject.get((namespace, subject), {}).items():
                known = found.get(key)
                if known is None or bound.position < known.position:
                    found[key] = bound
        return [found[key] for key in sorted(found)]


def _bound(key: Key, binding: Object) -> Iterable[Bound]:
    namespace, name = key
    reference = binding.get("roleRef") or {}
    kind = reference.get("kind", "")
    role = (kind, namespace if kind == "Role" else "", reference.get("name", ""))
    called = f"RoleBinding {quoted(f'{name}/{namespace}')}" if namespace else f"ClusterRoleBinding {quoted(name)}"
    for position, subject in enumerate(binding.get("subjects") or ()):
        who = _subject(subject, namespace)
        if who is not None:
            shown = _shown(subject, namespace)
            yield Bound(key, position, who, role, f"{called} of {kind} {quoted(role[2])} to {shown}")


def _subject(subject: Object, namespace: str) -> Subject | None:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind in ("User", "Group"):
        return kind, name
    home = subject.get("namespace") or namespace
    if kind == "ServiceAccount" and home:
        return "User", username(home, name)
    return None


def _shown(subject: Object, namespace: str) -> str:
    name = subject["name"]
    if subject["kind"] == "ServiceAccount":
        name += "/" + (subject.get("namespace") or namespace)
    return f"{subject['kind']} {quoted(name)}"


class RbacIndex:
    """See the module. Every question sees the caches as they are at that moment."""

    def __init__(self, listers: Listers) -> None:
        self._roles = Tracked(listers.of(ROLES))
        self._cluster_roles = Tracked(listers.of(CLUSTER_ROLES))
        tracked = Tracked(listers.of(CLUSTER_ROLE_BINDINGS)), Tracked(listers.of(ROLE_BINDINGS))
        self._listers = tuple(each.lister for each in (self._roles, self._cluster_roles, *tracked))
        self._seen: tuple[int, ...] = ()
        """Their revisions when they were last looked into."""
        self._everywhere, self._local = (Bindings(each) for each in tracked)
        self._rules: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
        self._rights: dict[tuple[str, tuple[str, ...], str], Rights] = {}

    def rights(self, user: User, namespace: str) -> Rights:
        """What the user has in the namespace; ``""``: what holds everywhere."""
        roles, cluster_roles, everywhere, local = self._listers
        if (roles.revision, cluster_roles.revision, everywhere.revision, local.revision) != self._seen:
            self._refresh()
        key = (user.name, user.groups, namespace)
        found = self._rights.get(key)
        if found is None:
            if len(self._rights) >= _MAX_USERS:
                self._rights.clear()
            found = self._rights[key] = self._collect(user, namespace)
        return found

    def role(self, kind: str, name: str, namespace: str = "") -> tuple[Rule, ...] | None:
        """The rules of a Role or a ClusterRole; None when there is none."""
        key = (kind, namespace, name)
        if tuple(each.revision for each in self._listers) != self._seen:
            self._refresh()
        rules = self._rules.get(key)
        if rules is None:
            found = self._listed(kind, name, namespace)
            if found is not None:
                rules = self._rules[key] = rules_of(found)
        return rules

    def _listed(self, kind: str, name: str, namespace: str) -> Object | None:
        if kind == "ClusterRole":
            return self._cluster_roles.lister.get(name)
        return self._roles.lister.get(name, namespace) if kind == "Role" else None

    def _refresh(self) -> None:
        self._rights.clear()
        self._seen = tuple(each.revision for each in self._listers)
        if self._roles.moved or self._cluster_roles.moved:
            self._rules.clear()
            for tracked in (self._roles, self._cluster_roles):
                tracked.revision = tracked.lister.revision
        self._everywhere.refresh()
        self._local.refresh()

    def _collect(self, user: User, namespace: str) -> Rights:
        subjects = [("User", user.name), *(("Group", each) for each in user.groups)]
        bound = self._everywhere.of(subjects, "")
        if namespace:
            bound += self._local.of(subjects, namespace)
        rights = Rights([], [])
        for each in bound:
            kind, home, name = each.role
            rules = self.role(kind, name, home)
            if rules is None:
                rights.errors.append(_not_found(kind, name))
            else:
                rights.matchers.extend(Matcher.of(rule, each.source) for rule in rules)
        return rights


def _not_found(kind: str, name: str) -> str:
    if kind not in ("Role", "ClusterRole"):
        return f"unsupported role reference kind: {quoted(kind)}"
    return f"{kind.lower()}.{GROUP} {quoted(name)} not found"
