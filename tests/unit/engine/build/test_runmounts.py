"""``RUN --mount`` resolved."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.build.workshop import NOW, Workshop
from wherry.engine.build.context import opened
from wherry.engine.build.job import Job, Telling, Vertices
from wherry.engine.build.model import Options, Source
from wherry.engine.build.planning import setting_of
from wherry.engine.build.runmounts import Mounted, mounted, still_holds
from wherry.engine.build.state import State
from wherry.engine.build.stepping import Step
from wherry.engine.dockerfile.model import Run
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.settings import Settings
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.model import ContainerConfig
from wherry.oci.platform import host

FEW = Mounted(None)  # type: ignore[arg-type]


class Case:
    """One RUN of a stage whose working directory is /w."""

    def __init__(self, workshop: Workshop, line: str, **options: Any) -> None:
        text = f"FROM scratch\nRUN {line} x\n"
        setting = setting_of(Source(text), Options(**options), NOW)
        self.workshop = workshop
        self.job = Job(
            workshop.engine, setting, workshop.images.work(), lambda event: None, Vertices(lambda event: None), Path()
        )
        state = State(host(), 0, settings=Settings(ContainerConfig(working_dir="/w")))
        self.step = Step(self.job, state, Telling(lambda event: None, 1), "RUN")
        run: Any = setting.dockerfile.stages[0].instructions[0]
        self.run: Run = resolved(run, {}.get, "\\")

    async def mounted(self, stack: AsyncExitStack) -> Mounted:
        return await mounted(self.step, self.run, stack)


async def marks(workshop: Workshop, line: str, **options: Any) -> Any:
    async with AsyncExitStack() as stack:
        return (await Case(workshop, line, **options).mounted(stack)).marks


async def test_without_mounts_there_is_nothing(workshop: Workshop) -> None:
    async with AsyncExitStack() as stack:
        found = await Case(workshop, "").mounted(stack)
        assert not found.trees
        assert not list(workshop.engine.tmp.iterdir())


async def test_a_script_needs_a_place(workshop: Workshop) -> None:
    """Else its mount would be made wherever the daemon was started."""
    case = Case(workshop, "")
    run: Any = setting_of(Source("FROM scratch\nRUN <<a\n#!/bin/x\na\n"), Options(), NOW)
    case.run = run.dockerfile.stages[0].instructions[0]
    async with AsyncExitStack() as stack:
        found = await case.mounted(stack)
        assert found.trees.scratch.parent == workshop.engine.tmp
    assert not list(workshop.engine.tmp.iterdir())


async def test_memory(workshop: Workshop) -> None:
    async with AsyncExitStack() as stack:
        found = await Case(workshop, "--mount=type=tmpfs,target=t,size=1m").mounted(stack)
    (point,) = found.points
    assert (point.kind, point.destination) == ("tmpfs", "/w/t")
    assert {"size=1048576", "mode=1777", "nosuid", "nodev"} <= set(point.options)


@pytest.mark.parametrize("target", ["/", "//", "/a/..", "..", "../..", "."])
async def test_targets_that_are_the_root(workshop: Workshop, target: str) -> None:
    line = f"--mount=type=tmpfs,target={target}"
    async with AsyncExitStack() as stack:
        if target == ".":
            assert (await Case(workshop, line).mounted(stack)).points[0].destination == "/w"
            return
        with pytest.raises(Invalid, match="the root directory cannot be mounted over"):
            await Case(workshop, line).mounted(stack)


async def test_a_target_is_needed(workshop: Workshop) -> None:
    for kind in ("tmpfs", "cache"):
        with pytest.raises(Invalid, match="target is required"):
            await marks(workshop, f"--mount=type={kind}")


async def test_a_secret(workshop: Workshop) -> None:
    case = Case(workshop, "--mount=type=secret,id=k,uid=5,mode=0440", secrets={"k": b"hush"})
    async with AsyncExitStack() as stack:
        found = await case.mounted(stack)
    (file,) = found.trees.secrets
    assert (file.destination, file.content, file.uid, file.gid, file.mode) == ("/run/secrets/k", b"hush", 5, 0, 0o440)
    assert "hush" not in repr(found.marks)


async def test_a_secret_as_a_variable(workshop: Workshop) -> None:
    secrets = {"k": b"hush"}
    async with AsyncExitStack() as stack:
        only = await Case(workshop, "--mount=type=secret,id=k,env=K", secrets=secrets).mounted(stack)
        both = await Case(workshop, "--mount=type=secret,id=k,env=K,target=/f", secrets=secrets).mounted(stack)
    assert (only.environment, only.points) == ({"K": "hush"}, ())
    assert (both.environment, [point.destination for point in both.points]) == ({"K": "hush"}, ["/f"])


async def test_secrets_and_agents_that_are_missing(workshop: Workshop) -> None:
    async with AsyncExitStack() as stack:
        for kind in ("secret,id=k", "ssh"):
            assert (await Case(workshop, f"--mount=type={kind}").mounted(stack)).points == ()
    for kind, message in (("secret,id=k", "secret k: not found"), ("ssh,id=a", "ssh agent a: not found")):
        with pytest.raises(NotFound, match=message):
            await marks(workshop, f"--mount=type={kind},required")


async def test_other_secrets_are_the_same_step_and_other_places_are_not(workshop: Workshop) -> None:
    line = "--mount=type=secret,id=k"
    one = await marks(workshop, line, secrets={"k": b"1"})
    assert one == await marks(workshop, line, secrets={"k": b"2"})
    assert one != await marks(workshop, f"{line},target=/other", secrets={"k": b"1"})
    assert one != await marks(workshop, "--mount=type=secret,id=j", secrets={"j": b"1"})


@pytest.mark.parametrize("kind", ["secret,id=k", "cache,id=k", "ssh"])
@pytest.mark.parametrize("field", ["uid", "gid"])
async def test_ids_of_other_containers(workshop: Workshop, tmp_path: Path, kind: str, field: str) -> None:
    options: Any = {"secrets": {"k": b""}, "ssh": {"default": str(tmp_path / "agent")}}
    with pytest.raises(Invalid, match=f"invalid {field} 65536"):
        await marks(workshop, f"--mount=type={kind},target=/x,{field}=65536", **options)
    assert await marks(workshop, f"--mount=type={kind},target=/x,{field}=65535", **options)


async def test_a_cache(workshop: Workshop) -> None:
    async with AsyncExitStack() as stack:
        found = await Case(workshop, "--mount=type=cache,target=/c,mode=0700").mounted(stack)
        (point,) = found.points
        assert (point.kind, point.destination, point.options) == ("volume", "/c", ["rbind", "rw"])
        assert Path(point.source).stat().st_mode & 0o777 == 0o700
    assert workshop.engine.volumes.exists(point.name)


async def test_which_cache_it_is_counts(workshop: Workshop) -> None:
    one = await marks(workshop, "--mount=type=cache,target=/c")
    assert one == await marks(workshop, "--mount=type=cache,target=/c,id=/c")
    assert one != await marks(workshop, "--mount=type=cache,target=/c,id=other")
    assert one != await marks(workshop, "--mount=type=cache,target=/c,ro")


async def test_an_agent(workshop: Workshop, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        found = await Case(workshop, "--mount=type=ssh", ssh={"default": str(tmp_path / "agent")}).mounted(stack)
        (listening,) = found.trees.sockets
        assert listening.path.is_socket()
        assert found.environment == {"SSH_AUTH_SOCK": "/run/buildkit/ssh_agent.0"}
    assert not listening.path.exists()


async def test_a_context_counts_by_its_files(workshop: Workshop, context: Path) -> None:
    async def bound(line: str) -> Mounted:
        case = Case(workshop, line)
        with opened(context, workshop.cache, None, passing=False) as found:
            case.job.contexts[""] = found
            async with AsyncExitStack() as stack:
                result = await case.mounted(stack)
                assert await still_holds(case.step, result)
                return result

    one = await bound("--mount=target=/m,source=d")
    assert one.trees.binds[0].layers == [context]
    (context / "file").write_text("not below d")
    assert (await bound("--mount=target=/m,source=d")).marks == one.marks
    (context / "d/inner").write_text("changed")
    assert (await bound("--mount=target=/m,source=d")).marks != one.marks
    with pytest.raises(NotFound, match='"/no": not found'):
        await bound("--mount=target=/m,source=no")


async def test_what_changes_meanwhile_is_noticed(workshop: Workshop, context: Path) -> None:
    case = Case(workshop, "--mount=target=/m,source=file")
    with opened(context, workshop.cache, None, passing=False) as found:
        case.job.contexts[""] = found
        async with AsyncExitStack() as stack:
            result = await case.mounted(stack)
            (context / "file").write_text("changed")
            assert not await still_holds(case.step, result)
            (context / "file").unlink()
            assert not await still_holds(case.step, result)
            assert await still_holds(case.step, replace(result, bound=()))
