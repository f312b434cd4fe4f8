"""Words that announce here-documents."""

import pytest

from wherry.engine.dockerfile.heredoc import announced, announcement, file_name
from wherry.engine.dockerfile.model import HereDocument
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("word", "name", "expands", "strips_tabs"),
    [
        ("<<EOF", "EOF", True, False),
        ("<<-EOF", "EOF", True, True),
        ("<<'EOF'", "EOF", False, False),
        ('<<"EOF"', "EOF", False, False),
        ("<<E'O'F", "EOF", False, False),
        ("3<<EOF", "EOF", True, False),
        ("<<a.txt", "a.txt", True, False),
        ('<<-"my file"', "my file", False, True),
        ("<<$X", "$X", True, False),
    ],
)
def test_a_word_announces(word: str, name: str, expands: bool, strips_tabs: bool) -> None:
    assert announcement(word) == HereDocument(name, "", expands, strips_tabs)


@pytest.mark.parametrize("word", ["EOF", "<EOF", "<<", "<<-", "<<<EOF", "a<<EOF", "<<'EOF", "<<a b"])
def test_other_words_do_not(word: str) -> None:
    assert announcement(word) is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("RUN cat <<A <<B", ["A", "B"]),
        ("RUN cat<<A", []),
        ("RUN echo '<<A'", []),
        ('RUN echo "it\'s" <<A', ["A"]),
        ("RUN echo it's <<A", []),
        ("RUN cat \\<<A", []),
        ("RUN a=$((1<<2))", []),
        ("RUN python3 <<A > /x", ["A"]),
    ],
)
def test_a_line_announces(line: str, names: list[str]) -> None:
    assert [document.name for document in announced(line)] == names


def test_a_file_has_the_last_part_of_the_name() -> None:
    assert file_name(HereDocument("a/b.txt", "")) == "b.txt"
    for name in ("..", "a/..", "a/"):
        with pytest.raises(Invalid, match="cannot become a file"):
            file_name(HereDocument(name, ""))
