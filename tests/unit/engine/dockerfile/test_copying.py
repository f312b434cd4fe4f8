"""COPY and ADD."""

from dataclasses import replace

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.model import Add, Copy, HereDocument, Instruction
from wherry.kit.errors import Invalid

PLACE = one("COPY a /b").location


def read(text: str) -> Instruction:
    return replace(one(text), location=PLACE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY a /b", Copy(PLACE, ("a",), "/b")),
        ("COPY a  b\t/c/", Copy(PLACE, ("a", "b"), "/c/")),
        ('COPY ["a b", "<<c", "/d"]', Copy(PLACE, ("a b", "<<c"), "/d")),
        ('COPY "a b" /c', Copy(PLACE, ('"a', 'b"'), "/c")),
        (
            "COPY --from=x --chown=1:2 --chmod=u+x --link --parents --exclude=*.a --exclude=b a /b",
            Copy(
                PLACE,
                ("a",),
                "/b",
                from_="x",
                chown="1:2",
                chmod="u+x",
                link=True,
                parents=True,
                exclude=("*.a", "b"),
            ),
        ),
        ("COPY --link=false a /b", Copy(PLACE, ("a",), "/b")),
        (
            "COPY <<x.txt a <<-'y' /d/\n$1\nx.txt\n\t$2\n\ty",
            Copy(PLACE, ("a",), "/d/", (HereDocument("x.txt", "$1\n"), HereDocument("y", "$2\n", expands=False))),
        ),
        ("COPY <<d/x /d/\nd/x", Copy(PLACE, (), "/d/", (HereDocument("x", ""),))),
        ("ADD a /b", Add(PLACE, ("a",), "/b")),
        (
            "ADD --checksum=sha256:0 --keep-git-dir --unpack=false --chown=a --chmod=1 --exclude=x --link http://x /b",
            Add(
                PLACE,
                ("http://x",),
                "/b",
                chown="a",
                chmod="1",
                link=True,
                exclude=("x",),
                checksum="sha256:0",
                keep_git_dir=True,
                unpack=False,
            ),
        ),
    ],
)
def test_a_copy_is(text: str, expected: Instruction) -> None:
    assert read(text) == expected


MISSING = "requires at least two arguments, but only one was provided. Destination could not be determined"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("COPY a", f"COPY {MISSING}"),
        ("ADD", f"ADD {MISSING}"),
        ('COPY ["a"]', f"COPY {MISSING}"),
        ("COPY --form=x a /b", "unknown flag: --form (did you mean from?)"),
        ("ADD --from=x a /b", "unknown flag: --from"),
        ("COPY --checksum=x a /b", "unknown flag: --checksum"),
        ("ADD --parents a /b", "unknown flag: --parents"),
        ("COPY --link=x a /b", "expecting boolean value for flag --link, not: x"),
        (
            "COPY --from=$X a /b",
            "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope"
            " as a workaround",
        ),
        ("COPY a <<E\nE", "COPY cannot accept a heredoc as a destination"),
        ("COPY <<.. /x\n..", 'a heredoc named ".." cannot become a file'),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.message == message
