"""Instructions with their variables filled in."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import HereDocument, KeyValue, Mount, MountType
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.resolve import resolved

VARIABLES = {"A": "one", "B": "two words", "EMPTY": "", "P": "80 81-82/udp"}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("FROM $A:${A%e} AS x", {"base": "one:on"}),
        ("FROM --platform=linux/$A x", {"platform": "linux/one"}),
        ("ENV $A=$B c=\"$A\" d='$A' e=\\$A", {"pairs": ("one=two words", "c=one", "d=$A", "e=$A")}),
        ("LABEL $A=$B", {"pairs": ("one=two words",)}),
        ("ENV a $B  'x'", {"pairs": ("a=two words  x",)}),
        ("USER $A:'b'", {"user": "one:b"}),
        ('WORKDIR /$A/"x y"', {"path": "/one/x y"}),
        ("STOPSIGNAL SIG$A", {"signal": "SIGone"}),
        ("VOLUME /$A /b", {"paths": ("/one", "/b")}),
        ('VOLUME ["/$B"]', {"paths": ("/two words",)}),
        ("EXPOSE $P 90", {"ports": ("80", "81-82/udp", "90")}),
        (
            "COPY --chown=$A --chmod=$A --exclude=$A $A '$B' /$A",
            {"sources": ("one", "$B"), "destination": "/one", "chown": "one", "chmod": "one"},
        ),
        ('COPY ["$B", "/x"]', {"sources": ("two words",)}),
        ("ADD --checksum=sha256:$A $A /$A", {"sources": ("one",), "destination": "/one", "checksum": "sha256:one"}),
        (
            "COPY <<X <<'Y' /d\n\"$A\"\nX\n$A\nY",
            {"heredocs": (HereDocument("X", '"one"\n'), HereDocument("Y", "$A\n", expands=False))},
        ),
        (
            "RUN --mount=type=cache,target=/$A echo $A",
            {"mounts": (Mount(MountType.CACHE, target="/one", read_only=False),)},
        ),
    ],
)
def test_what_is_expanded(text: str, changes: dict[str, Any]) -> None:
    instruction = one(text)
    if "pairs" in changes:
        changes = {"pairs": tuple(KeyValue(*pair.split("=", 1)) for pair in changes["pairs"])}
    assert resolved(instruction, VARIABLES.get, "\\") == replace(instruction, **changes)


@pytest.mark.parametrize(
    "text",
    [
        "RUN echo $A",
        "CMD echo $A",
        'ENTRYPOINT ["$A"]',
        'SHELL ["$A"]',
        "HEALTHCHECK CMD echo $A",
        "ONBUILD RUN echo $A",
        "MAINTAINER $A",
        "ARG X=$A",
    ],
)
def test_what_is_not_expanded(text: str) -> None:
    instruction = one(text)
    assert resolved(instruction, VARIABLES.get, "\\") == instruction


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM $EMPTY", "base name ($EMPTY) should not be blank"),
        ("FROM --platform=$EMPTY x", "empty platform value from expression $EMPTY"),
        ("VOLUME $EMPTY", "VOLUME specified can not be an empty string"),
        ("USER ${NONE:?who}", 'failed to process "${NONE:?who}": NONE: who'),
        (
            'COPY "a b" /c',
            'failed to process "\\"a": unexpected end of statement while looking for matching double-quote',
        ),
        ("RUN --mount=type=cach x", 'unsupported mount type "cach" (did you mean cache?)'),
    ],
)
def test_nonsense_is_refused_with_its_place(text: str, message: str) -> None:
    instruction = one(text)
    with pytest.raises(InvalidDockerfile) as refused:
        resolved(instruction, VARIABLES.get, "\\")
    assert (refused.value.message, refused.value.location) == (message, instruction.location)


def test_a_back_quote_escapes_when_it_was_chosen() -> None:
    instruction = one("USER `$A$A", "`")
    assert resolved(instruction, VARIABLES.get, "`") == replace(instruction, user="$Aone")


def test_an_instructions_values_together() -> None:
    """Each text may be short, there may be thousands."""
    line = "ENV " + " ".join(f"A{number}=$LONG" for number in range(300))
    instruction = parse(f"FROM a\n{line}\n").stages[0].instructions[0]
    with pytest.raises(InvalidDockerfile, match="too long"):
        resolved(instruction, {"LONG": "x" * 1000}.get, "\\")
    mounts = " ".join("--mount=type=tmpfs,target=$LONG" for number in range(300))
    instruction = parse(f"FROM a\nRUN {mounts} true\n").stages[0].instructions[0]
    with pytest.raises(InvalidDockerfile, match="too long"):
        resolved(instruction, {"LONG": "/" + "x" * 1000}.get, "\\")
