"""Logical lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.lines import Line, logical_lines


def lines(source: str, escape: str = "\\") -> list[Line]:
    return list(logical_lines(source, escape))


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("RUN a\nRUN b", ["RUN a", "RUN b"]),
        ("\n\n  RUN a  \n\t\n", ["RUN a"]),
        ("RUN a \\\n  b", ["RUN a   b"]),
        ("RUN a\\\nb", ["RUN ab"]),
        ("RUN a \\  \t\nb", ["RUN a b"]),
        ("RUN a \\ \\\nb", ["RUN a \\ b"]),
        ("RUN a\\\\\nUSER b", ["RUN a\\\\", "USER b"]),
        ("RUN a \\\n# comment\n\n   # another\n b", ["RUN a  b"]),
        ("RUN a \\\n\\\nb", ["RUN a b"]),
        ("RUN a \\", ["RUN a"]),
        ("\\\nRUN a", ["RUN a"]),
        ("\\\n\\\n", []),
        ("# c\n  # d\nRUN a # e", ["RUN a # e"]),
        ("RUN a \\\r\nb\r\nUSER c\r", ["RUN a b", "USER c"]),
        ("RUN a `\nb", ["RUN a `", "b"]),
        ("", []),
    ],
)
def test_lines_are_joined_and_comments_dropped(source: str, texts: list[str]) -> None:
    assert [line.statement.text for line in lines(source)] == texts


def test_a_back_quote_continues_when_it_was_chosen() -> None:
    assert [line.statement.text for line in lines("RUN a `\nb\nRUN c:\\\n", "`")] == ["RUN a b", "RUN c:\\"]


def test_lines_know_where_they_stand() -> None:
    source = "\n# c\nRUN a \\\n\n  b\nCOPY <<E /x\n c\nE\nUSER d"
    found = [(line.location.first_line, line.location.last_line, line.location.text) for line in lines(source)]
    assert found == [
        (3, 5, "RUN a \\\n\n  b"),
        (6, 8, "COPY <<E /x\n c\nE"),
        (9, 9, "USER d"),
    ]


@pytest.mark.parametrize(
    ("source", "comments"),
    [
        ("# a\n# b\nRUN x", ("a", "b")),
        ("# a\n\n# b\nRUN x", ("b",)),
        ("# a\n#\n# b\nRUN x", ("b",)),
        ("# a\n\nRUN x", ()),
        ("RUN y\n# a\nRUN x", ("a",)),
        ("# a\nRUN y\nRUN x", ()),
    ],
)
def test_comments_directly_above_are_kept(source: str, comments: tuple[str, ...]) -> None:
    assert lines(source)[-1].comments == comments


def test_blank_lines_inside_are_told() -> None:
    assert [line.skips_blank for line in lines("RUN a \\\n\n\nb\nRUN c \\\n# d\n e\nRUN <<E\n\nE")] == [3, 0, 0]


@pytest.mark.parametrize(
    ("source", "documents"),
    [
        ("RUN <<E\na\n  # b\n\nE\nUSER x", {"E": "a\n  # b\n\n"}),
        ("RUN cat <<A <<B\n1\nA\n2\nB\nUSER x", {"A": "1\n", "B": "2\n"}),
        ("RUN <<-E\n\ta\n\t\tE\nUSER x", {"E": "\ta\n"}),
        ("RUN <<E\n\tE\nE\nUSER x", {"E": "\tE\n"}),
        ("COPY <<E /x\nE\nUSER x", {"E": ""}),
        ("ONBUILD ADD <<E /x\na\nE\nUSER x", {"E": "a\n"}),
        ("RUN a \\\n <<E\nb\\\nE\nUSER x", {"E": "b\\\n"}),
        ("RUN <<E\r\na\r\nE\r\nUSER x", {"E": "a\r\n"}),
    ],
)
def test_documents_follow_their_line(source: str, documents: dict[str, str]) -> None:
    first, last = lines(source)
    assert {document.name: document.content for document in first.documents} == documents
    assert last.statement.name == "USER"


@pytest.mark.parametrize("source", ["ENV a=<<E", 'RUN ["cat", "<<E"]', "ONBUILD CMD <<E", "CMD <<E", "LABEL a=<<E"])
def test_other_lines_have_none(source: str) -> None:
    assert lines(source)[0].documents == ()


@pytest.mark.parametrize(
    ("source", "message", "first", "last"),
    [
        ("USER x\nRUN <<E\na\n", "unterminated heredoc", 2, 3),
        ("RUN a\0b", "dockerfile line contains a null character", 1, 1),
        ("USER x\n" + "a" * 70_000, "dockerfile line greater than max allowed size of 65535", 2, 2),
        ("RUN [1]", "when using JSON array syntax, arrays must be comprised of strings only", 1, 1),
    ],
)
def test_nonsense_is_refused(source: str, message: str, first: int, last: int) -> None:
    with pytest.raises(InvalidDockerfile) as refused:
        lines(source)
    assert refused.value.message == message
    assert refused.value.location is not None
    assert (refused.value.location.first_line, refused.value.location.last_line) == (first, last)


pieces = st.sampled_from(["RUN a", "\\", "\n", "#", " ", "<<E", "E", "COPY", "\t", "\r\n", "'", '"', "ONBUILD "])


@given(st.lists(pieces, max_size=30).map("".join))
def test_locations_are_in_order_and_say_what_is_there(source: str) -> None:
    try:
        found = lines(source)
    except InvalidDockerfile:
        return
    physical = source.split("\n")
    at = 0
    for line in found:
        place = line.location
        assert at < place.first_line <= place.last_line <= len(physical)
        assert place.text == "\n".join(physical[place.first_line - 1 : place.last_line])
        skipped = physical[at : place.first_line - 1]
        assert all(not one.strip() or one.strip().startswith("#") or set(one.strip()) == {"\\"} for one in skipped)
        at = place.last_line


@given(st.text(alphabet="RUN a\\\n#<E\t'\"", max_size=60), st.sampled_from("\\`"))
def test_any_text_has_lines_or_is_refused(source: str, escape: str) -> None:
    try:
        lines(source, escape)
    except InvalidDockerfile:
        pass
