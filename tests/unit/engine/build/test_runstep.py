"""From a RUN to a program."""

import asyncio
from typing import Any

import pytest

from tests.unit.engine.build.workshop import Workshop, until
from wherry.engine.build.model import BuildFailed, Ended, Limits, Output


async def cached(workshop: Workshop, text: str, **options: Any) -> bool:
    """Whether the last step was."""
    await workshop.build(text, **options)
    return bool(workshop.all_of(Ended)[-1].cached)


BASE = "FROM scratch\nARG A=1\nENV E=1\nRUN say x\n"


@pytest.mark.parametrize(
    ("text", "options", "same"),
    [
        (BASE, {}, True),
        (BASE, {"labels": {"a": "b"}}, True),
        (BASE, {"build_args": {"http_proxy": "p"}}, True),
        (BASE, {"secrets": {"s": b"x"}}, True),
        (BASE, {"limits": Limits(memory_bytes=1)}, True),
        (BASE.replace("ENV E=1", "ENV E=1\nLABEL x=y\nEXPOSE 1\nCMD x"), {}, True),
        (BASE, {"build_args": {"A": "2"}}, False),
        (BASE, {"extra_hosts": ["a:1.2.3.4"]}, False),
        (BASE, {"network": "none"}, False),
        (BASE.replace("E=1", "E=2"), {}, False),
        (BASE.replace("RUN", "USER x\nRUN"), {}, False),
        (BASE.replace("RUN", 'SHELL ["other"]\nRUN'), {}, False),
        (BASE.replace("say x", "say y"), {}, False),
        (BASE.replace("RUN", "RUN --network=none"), {}, False),
        (BASE, {"build_args": {"SOURCE_DATE_EPOCH": "9"}}, False),
        (BASE, {"no_cache": True}, False),
    ],
)
async def test_what_counts(workshop: Workshop, text: str, options: dict[str, Any], same: bool) -> None:
    await workshop.build(BASE)
    assert await cached(workshop, text, **options) is same


async def test_what_a_program_sees(workshop: Workshop) -> None:
    args = {"A": "given", "HTTP_PROXY": "proxy", "UNDECLARED": "x"}
    await workshop.build("FROM scratch\nARG A\nENV B=$A\nWORKDIR /w\nUSER bob\nRUN say x\n", build_args=args)
    (command,) = workshop.runner.ran
    environment = dict(entry.partition("=")[::2] for entry in command.environment)
    assert (environment["A"], environment["B"], environment["HTTP_PROXY"]) == ("given", "given", "proxy")
    assert environment["SOURCE_DATE_EPOCH"] == "0"
    assert "UNDECLARED" not in environment
    assert environment["PATH"].startswith("/usr/local/sbin")
    assert (command.directory, command.user, command.network, command.insecure) == ("/w", "bob", "default", False)
    assert command.arguments == ("/bin/sh", "-c", "say x")


async def test_an_epoch_of_ones_own_is_kept(workshop: Workshop) -> None:
    await workshop.build("FROM scratch\nENV SOURCE_DATE_EPOCH=77\nRUN env SOURCE_DATE_EPOCH\n")
    assert workshop.all_of(Output)[0].data == b"SOURCE_DATE_EPOCH=77\n"


@pytest.mark.parametrize(
    ("flag", "right"),
    [("--security=insecure", "security.insecure"), ("--network=host", "network.host"), ("--device=x", "")],
)
async def test_more_than_the_usual(workshop: Workshop, flag: str, right: str) -> None:
    text = f"FROM scratch\nRUN {flag} say x\n"
    for allowed in (frozenset[str](), frozenset({"other"})):
        with pytest.raises(BuildFailed, match=f"{right} is not allowed" if right else "not available"):
            await workshop.build(text, allow=allowed)
    assert not workshop.runner.ran
    if right:
        await workshop.build(text, allow=frozenset({right}))
        (command,) = workshop.runner.ran
        assert command.insecure or command.network == "host"


async def test_a_script_is_a_file(workshop: Workshop) -> None:
    await workshop.build("FROM scratch\nRUN <<EOF\n#!/bin/other\nsay x\nEOF\n")
    (command,) = workshop.runner.ran
    assert [point.destination for point in command.mounts] == ["/dev/pipes/EOF"]
    assert command.trees is not None


async def test_limits_are_the_requests(workshop: Workshop) -> None:
    await workshop.build("FROM scratch\nRUN say x\n", limits=Limits(memory_bytes=5))
    assert workshop.runner.ran[0].limits == Limits(memory_bytes=5)


async def test_as_many_at_a_time_as_there_are_processors(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    stages = "".join(f"FROM scratch AS s{number}\nRUN wait; put f{number} x\n" for number in range(5))
    copies = "".join(f"COPY --from=s{number} / /\n" for number in range(5))
    building = asyncio.ensure_future(workshop.build(f"{stages}FROM scratch\n{copies}"))
    await until(lambda: workshop.runner.running == 2)
    workshop.runner.go.set()
    await building
    assert workshop.runner.most == 2
