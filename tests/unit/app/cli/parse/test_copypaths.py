"""Docker's rules for the paths of cp."""

import click
import pytest

from wherry.app.cli.parse.copypaths import Found, Place, Target, beside, ends_in_directory, place, split, target

FILE, DIRECTORY = Found("/from", True), Found("/from", True, True)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("box:/etc", Place("box", "/etc")),
        ("box:etc", Place("box", "etc")),
        ("box:", Place("box", "")),
        ("box:a:b", Place("box", "a:b")),
        ("/etc:x", Place("", "/etc:x")),
        ("./a:b", Place("", "./a:b")),
        ("file", Place("", "file")),
        ("-", Place("", "-")),
    ],
)
def test_a_container_s_path_has_its_name_in_front(argument: str, expected: Place) -> None:
    assert place(argument) == expected


def test_only_a_dash_on_this_machine_is_a_stream() -> None:
    assert place("-").is_stream
    assert not place("box:-").is_stream


@pytest.mark.parametrize("source", [FILE, DIRECTORY])
def test_what_is_copied_goes_into_a_directory(source: Found) -> None:
    assert target(source, "from", Found("/to", True, True)) == Target("/to")


@pytest.mark.parametrize("source", [FILE, DIRECTORY])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/new", Target("/a", "new")),
        ("new", Target(".", "new")),
        ("/new", Target("/", "new")),
        ("/from", Target("/")),
    ],
)
def test_or_takes_the_name_of_what_is_not_there(source: Found, path: str, expected: Target) -> None:
    assert target(source, "from", Found(path, False)) == expected


def test_a_file_takes_the_place_of_a_file() -> None:
    assert target(FILE, "from", Found("/a/to", True)) == Target("/a", "to")


def test_a_directory_does_not() -> None:
    with pytest.raises(click.ClickException, match="cannot copy directory"):
        target(DIRECTORY, "from", Found("/a/to", True))


def test_a_file_does_not_make_a_directory_but_a_directory_does() -> None:
    with pytest.raises(click.ClickException, match="no such directory"):
        target(FILE, "from", Found("/a/new/", False))
    assert target(DIRECTORY, "from", Found("/a/new/", False)) == Target("/a", "new")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b", ("/a", "b")),
        ("/a/b/", ("/a", "b")),
        ("/a/.", ("/a", ".")),
        ("a", (".", "a")),
        (".", (".", ".")),
        ("/a", ("/", "a")),
        ("/", ("/", "/")),
        ("/.", ("/", ".")),
        ("a/../b", (".", "b")),
    ],
)
def test_directory_and_name(path: str, expected: tuple[str, str]) -> None:
    assert split(path) == expected


@pytest.mark.parametrize(("path", "does"), [("a", False), ("a/", True), ("a/.", True), (".", True), ("a.", False)])
def test_paths_that_only_a_directory_can_have(path: str, does: bool) -> None:
    assert ends_in_directory(path) is does


@pytest.mark.parametrize(("link", "leads"), [("/x", "/x"), ("x", "/a/x"), ("../x", "/a/../x")])
def test_where_a_link_leads(link: str, leads: str) -> None:
    assert beside("/a/link", link) == leads
