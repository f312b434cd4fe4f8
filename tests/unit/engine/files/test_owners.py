from pathlib import Path

import pytest

from wherry.engine.files.owners import resolved
from wherry.kit.errors import Invalid


@pytest.fixture(autouse=True)
def users(tree: Path) -> None:
    (tree / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\nbob:x:1000:100::/:/bin/sh\n")
    (tree / "etc" / "group").write_text("wheel:x:10:\n")


@pytest.mark.parametrize(
    ("user", "expected"),
    [("bob", (1000, 100)), ("bob:wheel", (1000, 10)), ("7", (7, 0)), ("7:8", (7, 8)), ("root", (0, 0))],
)
def test_users_are_found_in_the_tree_s_own_files(root: int, user: str, expected: tuple[int, int]) -> None:
    assert resolved(root, user) == expected


@pytest.mark.parametrize("user", ["alice", "bob:nobody", "4294967295", ":"])
def test_users_that_it_does_not_have_are_refused(root: int, user: str) -> None:
    with pytest.raises(Invalid, match="unable to find"):
        resolved(root, user)


def test_links_of_the_tree_lead_nowhere_else(root: int, tree: Path, outside: Path) -> None:
    (outside / "passwd").write_text("alice:x:5:5::/:/bin/sh\n")
    (tree / "etc" / "passwd").unlink()
    (tree / "etc" / "passwd").symlink_to(outside / "passwd")
    with pytest.raises(Invalid, match="unable to find user alice"):
        resolved(root, "alice")
