"""The index of roles and bindings."""

from tests.unit.kube.apiserver.authz.objects import binding, role, rule, user
from wherry.kube.apiserver.authz.rbac_index import ROLE_BINDINGS, RbacIndex
from wherry.kube.apiserver.fake import FakeListers

GET = rule("get", "pods")


def test_rights_are_put_together_once_until_something_changes() -> None:
    listers = FakeListers(role("r", GET), binding("b", "ClusterRole", "r", "User:alice"))
    index = RbacIndex(listers)
    first = index.rights(user("alice"), "a")
    assert index.rights(user("alice"), "a") is first

    listers.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a"}})
    assert index.rights(user("alice"), "a") is first

    listers.put(role("r", GET, rule("list", "pods")))
    assert index.rights(user("alice"), "a").rules == [GET, rule("list", "pods")]


def test_a_binding_that_changes_its_subjects_is_taken_from_the_old_ones() -> None:
    listers = FakeListers(role("r", GET), binding("b", "ClusterRole", "r", "User:alice", "Group:devs"))
    index = RbacIndex(listers)
    assert index.rights(user("alice"), "").rules == [GET]

    listers.put(binding("b", "ClusterRole", "r", "User:bob"))
    assert index.rights(user("alice", "devs"), "").rules == []
    assert index.rights(user("bob"), "").rules == [GET]


def test_a_cache_that_forgot_its_changes_is_read_anew() -> None:
    bound = binding("b", "ClusterRole", "r", "User:alice", namespace="a")
    listers = FakeListers(role("r", GET), bound)
    index = RbacIndex(listers)
    assert index.rights(user("alice"), "a").rules == [GET]

    listers.remove(bound)
    listers.of(ROLE_BINDINGS).forget_changes()
    assert index.rights(user("alice"), "a").rules == []


def test_one_binding_for_several_of_a_users_names_counts_once() -> None:
    bound = binding("b", "ClusterRole", "r", "Group:ops", "User:alice", "Group:devs")
    index = RbacIndex(FakeListers(role("r", GET), bound))

    found = index.rights(user("alice", "devs"), "").matchers
    assert [each.source for each in found] == ['ClusterRoleBinding "b" of ClusterRole "r" to User "alice"']


def test_a_service_account_without_a_namespace_is_of_the_bindings_own_and_of_none_in_a_cluster_role_binding() -> None:
    index = RbacIndex(
        FakeListers(
            role("r", GET),
            binding("b", "ClusterRole", "r", "ServiceAccount:robot"),
            binding("b", "ClusterRole", "r", "ServiceAccount:robot", namespace="a"),
        )
    )
    robot = user("system:serviceaccount:a:robot")

    assert index.rights(robot, "").rules == []
    assert index.rights(robot, "a").rules == [GET]
    assert index.rights(user("system:serviceaccount::robot"), "").rules == []


def test_verbs_that_nobody_knows_are_not_kept() -> None:
    index = RbacIndex(FakeListers(role("r", rule("*", "pods")), binding("b", "ClusterRole", "r", "User:alice")))
    rights = index.rights(user("alice"), "")

    assert [len(rights.of_verb(f"verb-{number}")) for number in range(3)] == [1, 1, 1]
    assert rights.of_verb("get") is rights.of_verb("get")
    assert rights.of_verb("verb-1") is not rights.of_verb("verb-1")


def test_the_rules_of_a_role() -> None:
    index = RbacIndex(FakeListers(role("r", GET), role("local", GET, namespace="a")))

    assert index.role("ClusterRole", "r") == (GET,)
    assert index.role("Role", "local", "a") == (GET,)
    assert index.role("Role", "local", "b") is None
    assert index.role("Ghost", "r") is None
