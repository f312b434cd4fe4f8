"""Typed instructions."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.model import (
    Arg,
    Argument,
    Cmd,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    From,
    HereDocument,
    Instruction,
    KeyValue,
    Label,
    Maintainer,
    MountFlag,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from wherry.kit.errors import Invalid


def without_place(found: Instruction) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in fields(found) if field.name != "location"}


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("FROM x", From, {"base": "x"}),
        ("from --platform=$B x:$V As Name", From, {"base": "x:$V", "name": "name", "platform": "$B"}),
        ("ARG A", Arg, {"arguments": (Argument("A"),)}),
        ("ARG A= B='c d' D", Arg, {"arguments": (Argument("A", ""), Argument("B", "'c d'"), Argument("D"))}),
        ("ENV a=b c=d", Env, {"pairs": (KeyValue("a", "b"), KeyValue("c", "d"))}),
        ("ENV a b c", Env, {"pairs": (KeyValue("a", "b c"),), "is_legacy": True}),
        ('LABEL a.b="c d"', Label, {"pairs": (KeyValue("a.b", '"c d"'),)}),
        ("RUN echo  a", Run, {"command": ShellForm("echo  a")}),
        ('RUN ["a", "b"]', Run, {"command": ExecForm(("a", "b"))}),
        ("RUN", Run, {"command": ShellForm("")}),
        (
            "RUN --mount=from=b,target=/x --mount=type=ssh --network=NONE --security=insecure --device=d a",
            Run,
            {
                "command": ShellForm("a"),
                "mount_flags": (MountFlag("from=b,target=/x", "b"), MountFlag("type=ssh")),
                "network": "none",
                "security": "insecure",
                "devices": ("d",),
            },
        ),
        ("RUN cat <<E\nx\nE", Run, {"command": ShellForm("cat <<E"), "heredocs": (HereDocument("E", "x\n"),)}),
        ("CMD a b", Cmd, {"command": ShellForm("a b")}),
        ('CMD ["a"]', Cmd, {"command": ExecForm(("a",))}),
        ("CMD []", Cmd, {"command": ExecForm(())}),
        ("CMD ['a']", Cmd, {"command": ShellForm("['a']")}),
        ("ENTRYPOINT []", Entrypoint, {"command": ExecForm(())}),
        ('SHELL ["/bin/bash", "-c"]', Shell, {"arguments": ("/bin/bash", "-c")}),
        ("EXPOSE 80 53/udp $P", Expose, {"ports": ("$P", "53/udp", "80")}),
        ("VOLUME /a  /b", Volume, {"paths": ("/a", "/b")}),
        ('VOLUME ["/a b"]', Volume, {"paths": ("/a b",)}),
        ("USER a b", User, {"user": "a b"}),
        ("WORKDIR a  b", Workdir, {"path": "a  b"}),
        ("STOPSIGNAL SIGTERM", Stopsignal, {"signal": "SIGTERM"}),
        ("ONBUILD run --network=none a", Onbuild, {"trigger": "run --network=none a"}),
        ("ONBUILD COPY <<-E /x\n\ta\n\tE", Onbuild, {"trigger": "COPY <<-E /x\n\ta\nE"}),
        ("MAINTAINER A B <a@b>", Maintainer, {"name": "A B <a@b>"}),
    ],
)  # fmt: skip
def test_an_instruction_is(text: str, kind: type[Instruction], expected: dict[str, Any]) -> None:
    found = one(text)
    assert type(found) is kind
    assert without_place(found) == without_place(kind(found.location, **expected))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FORM x", "unknown instruction: FORM (did you mean FROM?)"),
        ("workdri /x", "unknown instruction: workdri (did you mean workdir?)"),
        ("INCLUDE x", "unknown instruction: INCLUDE"),
        ("FROM", "FROM requires either one or three arguments"),
        ("FROM x y", "FROM requires either one or three arguments"),
        ("FROM x is y", "FROM requires either one or three arguments"),
        ("FROM x AS 1a", 'invalid name for build stage: "1a", name can\'t start with a number or contain symbols'),
        ("FROM x AS a/b", 'invalid name for build stage: "a/b", name can\'t start with a number or contain symbols'),
        ("FROM --plat=x y", "unknown flag: --plat"),
        ("ARG", "ARG requires at least one argument"),
        ("ARG =x", "ARG names can not be blank"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV a", "ENV must have two arguments"),
        ("LABEL --x a=b", "unknown flag: --x"),
        ("RUN --mont=x a", "unknown flag: --mont (did you mean mount?)"),
        ("RUN --network=hots a", 'invalid network mode: "hots" (did you mean host?)'),
        ("RUN --security=none a", 'invalid security: "none"'),
        ("RUN --mount=from=$x a", "'from' doesn't support variable expansion, define alias stage instead"),
        ("SHELL", "SHELL requires at least one argument"),
        ("SHELL []", "SHELL requires at least one argument"),
        ("SHELL /bin/sh -c", "SHELL requires the arguments to be in JSON form"),
        (
            'SHELL ["c:\\win"]',
            "SHELL requires the arguments to be in JSON form. It looks like '\"c:\\win\"' has unescaped backslashes",
        ),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("VOLUME", "VOLUME requires at least one argument"),
        ('VOLUME [" "]', "VOLUME specified can not be an empty string"),
        ("USER", "USER requires exactly one argument"),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("STOPSIGNAL", "STOPSIGNAL requires exactly one argument"),
        ("MAINTAINER", "MAINTAINER requires exactly one argument"),
        ("ONBUILD", "ONBUILD requires at least one argument"),
        ("ONBUILD onbuild RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("ONBUILD MAINTAINER x", "MAINTAINER isn't allowed as an ONBUILD trigger"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        one(text)
    assert refused.value.message == message


NAMES = ["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
         "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"]  # fmt: skip


@given(st.sampled_from(NAMES), st.text(st.characters(blacklist_characters="\n", blacklist_categories=["Cs"])))
def test_any_arguments_are_read_or_refused(name: str, rest: str) -> None:
    try:
        one(f"{name} {rest}")
    except Invalid:
        pass
