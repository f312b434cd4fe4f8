"""Service accounts as users."""

import pytest

from wherry.kube.apiserver.authn.accounts import group_names, split_username, username


def test_a_name_there_and_back() -> None:
    assert username("a", "robot.x") == "system:serviceaccount:a:robot.x"
    assert split_username("system:serviceaccount:a:robot.x") == ("a", "robot.x")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "alice",
        "system:serviceaccount:",
        "system:serviceaccount:a",
        "system:serviceaccount:a:",
        "x:a:b",
        "system:serviceaccount::b",
        "system:serviceaccount:a:b:c",
        "system:serviceaccount:A:b",
        "system:serviceaccount:a:B",
        "system:serviceaccount:a.b:c",
    ],
)
def test_what_is_no_service_account(name: str) -> None:
    assert split_username(name) is None


def test_groups() -> None:
    assert group_names("a") == ["system:serviceaccounts", "system:serviceaccounts:a"]
