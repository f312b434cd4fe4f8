"""RBAC against a second evaluator (A02), and its reasons."""

import random

import pytest

from tests.unit.kube.apiserver.authz import reference
from tests.unit.kube.apiserver.authz.objects import binding, role, rule, urls, user
from wherry.kube.apiserver.authz.rbac import Rbac, aggregated
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Attributes, Decision, Rule, User
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.machinery.model import GroupResource, Object

USERS = (
    User("alice", ("system:authenticated", "devs")),
    User("bob", ("system:authenticated", "ops", "devs")),
    User("system:serviceaccount:a:robot", ("system:serviceaccounts", "system:serviceaccounts:a")),
    User("system:serviceaccount:b:robot", ("system:serviceaccounts", "system:serviceaccounts:b")),
    User("carol", ()),
)
SUBJECTS = (
    "User:alice", "User:bob", "Group:devs", "Group:ops", "Group:system:serviceaccounts", "User:nobody",
    "ServiceAccount:a/robot", "ServiceAccount:robot", "Group:system:serviceaccounts:b",
    "User:system:serviceaccount:a:robot",
)  # fmt: skip
VERBS = ("get", "list", "watch", "create", "delete", "escalate", "fly", "*")
GROUPS = ("", "apps", "example.com", "*")
RESOURCES = ("pods", "deployments", "pods/log", "*/scale", "*/log", "deployments/scale", "*", "pods/*")
NAMES = ("x", "y", "*")
NAMESPACES = ("", "a", "b")
PATHS = ("/healthz", "/healthz/ping", "/api", "/api/*", "/*", "*", "/healthz*")


class Dice:
    """Random roles, bindings and questions; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def some(self, choices: tuple[str, ...], least: int = 0, most: int = 3) -> tuple[str, ...]:
        return tuple(self._random.sample(choices, self._random.randint(least, min(most, len(choices)))))

    def one(self, choices: tuple[str, ...]) -> str:
        return self._random.choice(choices)

    def rule(self) -> Rule:
        if self._random.random() < 0.2:
            return Rule(self.some(VERBS, 1), paths=self.some(PATHS, 1, 2))
        names = self.some(NAMES, 1, 2) if self._random.random() < 0.2 else ()
        return Rule(self.some(VERBS, 1, 5), self.some(GROUPS, 1), self.some(RESOURCES, 1, 5), names)

    def role(self) -> Object:
        rules = [self.rule() for _ in range(self._random.randint(0, 8))]
        return role(self.one(("r1", "r2", "r3")), *rules, namespace=self.one(("", *NAMESPACES)))

    def binding(self) -> Object:
        namespace = self.one(NAMESPACES)
        kind = "ClusterRole" if not namespace else self.one(("Role", "ClusterRole"))
        target = self.one(("r1", "r2", "r3", "r1", "r2", "gone"))
        return binding(
            self.one(("b1", "b2", "b3", "b4", "b5", "b6")),
            kind,
            target,
            *self.some(SUBJECTS, 1, 6),
            namespace=namespace,
        )

    def question(self) -> Attributes:
        asks = self._random.choice(USERS)
        if self._random.random() < 0.15:
            return Attributes(asks, self.one(VERBS), path=self.one(PATHS))
        return Attributes(
            asks, self.one(VERBS), self.one(("", "apps", "example.com")), "v1",
            self.one(("pods", "deployments", "widgets")), self.one(("", "", "log", "scale", "x")),
            self.one(NAMESPACES), self.one(("", "x", "y", "z")),
        )  # fmt: skip

    def change(self, listers: FakeListers, objects: list[Object]) -> None:
        """Write or delete one object."""
        if objects and self._random.random() < 0.2:
            gone = objects.pop(self._random.randrange(len(objects)))
            listers.remove(gone)
            return
        new = self.role() if self._random.random() < 0.5 else self.binding()
        objects[:] = [each for each in objects if _key(each) != _key(new)] + [new]
        listers.put(new)
        if self._random.random() < 0.1:
            for resource in ("rolebindings", "clusterrolebindings"):
                listers.of(_resource(resource)).forget_changes()


def _key(obj: Object) -> tuple[str, str, str]:
    return obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _resource(plural: str) -> GroupResource:
    return GroupResource("rbac.authorization.k8s.io", plural)


def test_two_thousand_questions_are_answered_as_a_naive_evaluator_does() -> None:
    dice, listers, objects = Dice(7), FakeListers(), []
    rbac = Rbac(listers)
    yes = 0
    for _ in range(2000):
        dice.change(listers, objects)
        asked = dice.question()
        expected = reference.allowed(objects, asked)
        decision, reason = rbac.authorize(asked)
        assert (decision is Decision.ALLOW) == expected, (asked, objects)
        assert decision is not Decision.DENY
        assert reason.startswith("RBAC: allowed by ") == expected
        yes += expected
    assert 200 < yes < 1800  # or the questions were no questions


@pytest.mark.parametrize(
    ("objects", "asks", "source"),
    [
        (
            (role("r", rule("get", "pods")), binding("b", "ClusterRole", "r", "Group:devs")),
            user("alice", "devs"),
            'ClusterRoleBinding "b" of ClusterRole "r" to Group "devs"',
        ),
        (
            (role("r", rule("get", "pods")), binding("b", "ClusterRole", "r", "User:alice", namespace="a")),
            user("alice"),
            'RoleBinding "b/a" of ClusterRole "r" to User "alice"',
        ),
        (
            (
                role("r", rule("get", "pods"), namespace="a"),
                binding("b", "Role", "r", "User:x", "ServiceAccount:robot", namespace="a"),
            ),
            user("system:serviceaccount:a:robot"),
            'RoleBinding "b/a" of Role "r" to ServiceAccount "robot/a"',
        ),
    ],
)
def test_the_reason_names_binding_role_and_subject(objects: tuple[Object, ...], asks: User, source: str) -> None:
    answer = Rbac(FakeListers(*objects)).authorize(Attributes(asks, "get", "", "v1", "pods", namespace="a"))

    assert answer == (Decision.ALLOW, f"RBAC: allowed by {source}")


def test_a_role_that_is_missing_gives_nothing_and_is_said() -> None:
    rbac = Rbac(FakeListers(binding("b", "ClusterRole", "gone", "User:alice"), binding("c", "ClusterRole", "gone",
                            "User:alice"), binding("b", "Role", "lost", "User:alice", namespace="a")))  # fmt: skip

    decision, reason = rbac.authorize(Attributes(user("alice"), "get", "", "v1", "pods", namespace="a"))

    gone = 'clusterrole.rbac.authorization.k8s.io "gone" not found'
    lost = 'role.rbac.authorization.k8s.io "lost" not found'
    assert (decision, reason) == (Decision.NO_OPINION, f"RBAC: [{gone}, {lost}]")


def test_a_right_is_remembered_for_what_it_holds_for_only() -> None:
    """One name's right is no other's, a subresource's none of the object's, and a reason stays the same."""
    robot = USERS[0]
    wild = rule("*", "*", "*")
    rbac = Rbac(
        FakeListers(
            role("one", rule("get", "pods", names="x")), role("every", rule("get list", "pods")), role("wild", wild),
            binding("a", "ClusterRole", "one", "User:alice"), binding("b", "ClusterRole", "every", "User:alice"),
            binding("c", "ClusterRole", "wild", "User:bob"),
        )
    )  # fmt: skip

    def asked(verb: str, name: str = "", **more: str) -> tuple[Decision, str]:
        return rbac.authorize(Attributes(robot, verb, "", "v1", "pods", name=name, namespace="a", **more))

    first = [asked("get", "y"), asked("get", "x"), asked("list")]
    assert [asked("get", "y"), asked("get", "x"), asked("list")] == first
    assert "one" in first[1][1] and "every" in first[0][1]
    assert asked("get", "y", subresource="log")[0] is Decision.NO_OPINION
    assert rbac.authorize(Attributes(robot, "get", path="/pods"))[0] is Decision.NO_OPINION
    for number in range(2000):
        assert rbac.authorize(Attributes(USERS[1], "list", f"g{number}", "v1", "pods"))[0] is Decision.ALLOW
    assert len(rbac.index.rights(USERS[1], "").known) <= 512


def test_what_is_known_is_what_was_allowed_whatever_the_name() -> None:
    listers = FakeListers(
        role("r", rule("get", "pods"), rule("get", "secrets", names="x")),
        binding("b", "ClusterRole", "r", "User:alice"),
    )
    rbac, alice = Rbac(listers), user("alice")

    def known(path: str) -> bool:
        info = parse("GET", f"/api/v1/namespaces/a/{path}", {})
        found = rbac.grants(alice, info)
        asked = Attributes(alice, info.verb, info.group, info.version, info.resource, namespace="a", name=info.name)
        rbac.authorize(asked)
        return found

    paths = ("pods/x", "pods/x", "pods/y", "secrets/x", "secrets/x", "configmaps/x", "configmaps/x")
    assert [known(each) for each in paths] == [False, True, True, False, False, False, False]
    listers.put(role("other"))
    assert [known(each) for each in paths[:2]] == [False, True]


def test_a_role_comes_into_force_when_it_is_made_and_ends_when_it_is_deleted() -> None:
    listers = FakeListers(binding("b", "ClusterRole", "r", "User:alice"))
    rbac, asked = Rbac(listers), Attributes(user("alice"), "get", "", "v1", "pods")
    assert rbac.authorize(asked)[0] is Decision.NO_OPINION

    made = role("r", rule("get", "pods"))
    listers.put(made)
    assert rbac.authorize(asked)[0] is Decision.ALLOW

    listers.remove(made)
    assert rbac.authorize(asked)[0] is Decision.NO_OPINION


def test_a_rule_without_a_subresource_gives_none() -> None:
    rbac = Rbac(FakeListers(role("r", rule("get", "pods")), binding("b", "ClusterRole", "r", "User:alice")))

    assert rbac.authorize(Attributes(user("alice"), "get", "", "v1", "pods"))[0] is Decision.ALLOW
    assert rbac.authorize(Attributes(user("alice"), "get", "", "v1", "pods", "exec"))[0] is Decision.NO_OPINION


def test_a_rule_with_names_does_not_give_lists_of_all() -> None:
    rbac = Rbac(FakeListers(role("r", rule("get list", "pods", names="x")), binding("b", "ClusterRole", "r", "User:a")))

    assert rbac.authorize(Attributes(user("a"), "list", "", "v1", "pods", name="x"))[0] is Decision.ALLOW
    assert rbac.authorize(Attributes(user("a"), "list", "", "v1", "pods"))[0] is Decision.NO_OPINION


def test_paths_are_given_by_paths_alone() -> None:
    everything = role("r", rule("*", "*", "*"))
    rbac = Rbac(FakeListers(everything, binding("b", "ClusterRole", "r", "User:alice")))
    assert rbac.authorize(Attributes(user("alice"), "get", path="/metrics"))[0] is Decision.NO_OPINION

    paths = role("r", urls("get", "/metrics /logs/*"))
    rbac = Rbac(FakeListers(paths, binding("b", "ClusterRole", "r", "User:alice")))
    assert rbac.authorize(Attributes(user("alice"), "get", path="/metrics"))[0] is Decision.ALLOW
    assert rbac.authorize(Attributes(user("alice"), "get", path="/logs/x"))[0] is Decision.ALLOW
    assert rbac.authorize(Attributes(user("alice"), "get", path="/metrics/x"))[0] is Decision.NO_OPINION
    assert rbac.authorize(Attributes(user("alice"), "get", "", "v1", "pods"))[0] is Decision.NO_OPINION


def test_all_rules_of_a_user_are_found() -> None:
    everywhere, here = rule("get", "pods"), rule("list", "pods")
    rbac = Rbac(
        FakeListers(
            role("r", everywhere),
            role("r", here, namespace="a"),
            binding("b", "ClusterRole", "r", "User:alice"),
            binding("b", "Role", "r", "Group:devs", namespace="a"),
        )
    )

    assert rbac.rules_for(user("alice", "devs"), "a") == ([everywhere, here], [])
    assert rbac.rules_for(user("alice", "devs"), "b") == ([everywhere], [])
    assert rbac.rules_for(user("carol", "devs"), "a") == ([here], [])


def test_errors_are_said_once() -> None:
    assert aggregated(["a", "a"]) == "a"
    assert aggregated(["a", "b", "a"]) == "[a, b]"
