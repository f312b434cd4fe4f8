"""Users as objects."""

from wherry.kube.apiserver.authn.model import completed, user_info
from wherry.kube.apiserver.model import ANONYMOUS, User


def test_a_known_user_is_authenticated_once() -> None:
    once = completed(User("alice", ("devs",)))
    assert once.groups == ("devs", "system:authenticated")
    assert completed(once) is once
    assert completed(ANONYMOUS) is ANONYMOUS


def test_a_user_as_an_object_has_no_empty_fields() -> None:
    assert user_info(User("alice")) == {"username": "alice"}
    assert user_info(User("alice", ("devs",), "7", {"k": ("v",)})) == {
        "username": "alice", "uid": "7", "groups": ["devs"], "extra": {"k": ["v"]}
    }  # fmt: skip
