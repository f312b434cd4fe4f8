"""Acting as somebody else (K25)."""

import pytest

from tests.unit.kube.apiserver.authz.objects import binding, role, rule, user
from wherry.kube.apiserver.authz.impersonation import impersonated
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Rule, User
from wherry.kube.machinery.status import StatusError

ALICE = user("alice")
USERS = rule("impersonate", "users groups serviceaccounts")
DETAILS = rule("impersonate", "uids userextras/scopes", "authentication.k8s.io")


def act(*headers: tuple[str, str], having: tuple[Rule, ...] = ()) -> User | None:
    rbac = Rbac(FakeListers(role("r", *having), binding("b", "ClusterRole", "r", "User:alice")))
    return impersonated(headers, ALICE, rbac)


def refusal(*headers: tuple[str, str], having: tuple[Rule, ...] = ()) -> StatusError:
    with pytest.raises(StatusError) as caught:
        act(*headers, having=having)
    return caught.value


def test_who_does_not_ask_for_it_stays_who_it_is() -> None:
    assert act(("Accept", "*/*"), ("Impersonate-User", "")) is None


def test_a_user_is_authenticated_and_has_the_groups_that_were_asked_for() -> None:
    assert act(("Impersonate-User", "bob"), having=(USERS,)) == User("bob", ("system:authenticated",))
    assert act(("impersonate-user", "bob"), ("IMPERSONATE-GROUP", "devs"), ("Impersonate-Group", "ops"),
               having=(USERS,)) == User("bob", ("devs", "ops", "system:authenticated"))  # fmt: skip


def test_a_service_account_has_its_own_groups_unless_others_were_asked_for() -> None:
    name = ("Impersonate-User", "system:serviceaccount:a:robot")
    own = ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")

    assert act(name, having=(USERS,)) == User(name[1], own)
    assert act(name, ("Impersonate-Group", "g"), having=(USERS,)) == User(name[1], ("g", "system:authenticated"))


def test_anonymous_is_not_authenticated() -> None:
    assert act(("Impersonate-User", "system:anonymous"), having=(USERS,)) == User(
        "system:anonymous", ("system:unauthenticated",)
    )
    assert act(("Impersonate-User", "x"), ("Impersonate-Group", "system:unauthenticated"), having=(USERS,)) == User(
        "x", ("system:unauthenticated",)
    )


def test_uid_and_extra() -> None:
    found = act(
        ("Impersonate-User", "bob"), ("Impersonate-Uid", "7"), ("Impersonate-Extra-Scopes", "view"),
        ("Impersonate-Extra-scopes", "edit"), having=(USERS, DETAILS),
    )  # fmt: skip
    assert found == User("bob", ("system:authenticated",), "7", {"scopes": ("view", "edit")})


def test_keys_of_extra_are_escaped() -> None:
    everything = rule("impersonate", "*", "*")
    found = act(("Impersonate-User", "bob"), ("Impersonate-Extra-Acme.com%2Fproject", "p"),
                ("Impersonate-Extra-bad%zz", "q"), having=(everything,))  # fmt: skip
    assert found is not None
    assert found.extra == {"acme.com/project": ("p",), "bad%zz": ("q",)}


@pytest.mark.parametrize(
    ("headers", "having", "said"),
    [
        ((("Impersonate-User", "bob"),), (),
         'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" '
         'at the cluster scope'),
        ((("Impersonate-User", "bob"),), (rule("impersonate", "serviceaccounts"),), "users"),
        ((("Impersonate-User", "system:serviceaccount:a:robot"),), (rule("impersonate", "users"),),
         'serviceaccounts "robot" is forbidden: User "alice" cannot impersonate resource "serviceaccounts" '
         'in API group "" in the namespace "a"'),
        ((("Impersonate-User", "bob"), ("Impersonate-Group", "system:masters")), (rule("impersonate", "users"),),
         'groups "system:masters" is forbidden'),
        ((("Impersonate-User", "bob"), ("Impersonate-Group", "devs"), ("Impersonate-Group", "system:masters")),
         (rule("impersonate", "users"), rule("impersonate", "groups", names="devs")),
         'groups "system:masters" is forbidden'),
        ((("Impersonate-User", "bob"), ("Impersonate-Uid", "7")), (USERS,),
         'uids.authentication.k8s.io "7" is forbidden'),
        ((("Impersonate-User", "bob"), ("Impersonate-Extra-Other", "x")), (USERS, DETAILS),
         'userextras.authentication.k8s.io "x" is forbidden: User "alice" cannot impersonate resource '
         '"userextras/other"'),
        ((("Impersonate-User", "carol"),), (rule("impersonate", "users", names="bob"),), 'users "carol" is forbidden'),
    ],
)  # fmt: skip
def test_each_thing_must_be_allowed(headers: tuple[tuple[str, str], ...], having: tuple[Rule, ...], said: str) -> None:
    error = refusal(*headers, having=having)
    assert error.code == 403
    assert error.message.startswith(said)


@pytest.mark.parametrize("header", ["Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-a"])
def test_nothing_without_a_user(header: str) -> None:
    error = refusal((header, "x"), having=(rule("*", "*", "*"),))
    assert error.code == 400
    assert error.message.endswith("without impersonating a user")
