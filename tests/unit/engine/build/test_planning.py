"""What a request and a Dockerfile settle before anything is looked up."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.model import BuildFailed, Options, Source, Warned
from wherry.engine.build.planning import contexts_of, setting_of
from wherry.kit.errors import Invalid, Unsupported

NOW = 1_700_000_000


def settle(text: str = "FROM scratch\n", **options: object) -> Any:
    return setting_of(Source(text), Options(**options), NOW)  # type: ignore[arg-type]


def test_one_platform_is_built_at_a_time() -> None:
    with pytest.raises(Unsupported, match=r"several platforms in one build \(linux/amd64,linux/arm64\)"):
        settle(platform="linux/amd64,linux/arm64")


@pytest.mark.parametrize(
    "name", ["docker/dockerfile:1", "docker.io/docker/dockerfile:1.7-labs", "reg.example:5000/x/dockerfile-upstream"]
)
def test_dockers_language_may_be_named(name: str) -> None:
    settle(f"# syntax={name}\nFROM scratch\n")


def test_another_language_is_refused_by_name() -> None:
    with pytest.raises(
        Unsupported, match=r"# syntax=example\.com/other:1: other languages .* name docker/dockerfile:1"
    ):
        settle("# syntax=example.com/other:1\nFROM scratch\n")
    with pytest.raises(Unsupported, match=r"example\.com/other"):
        settle("# syntax=docker/dockerfile:1\nFROM scratch\n", build_args={"BUILDKIT_SYNTAX": "example.com/other"})


def test_an_epoch_is_a_number() -> None:
    with pytest.raises(Invalid, match="SOURCE_DATE_EPOCH: 'yesterday' is no number"):
        settle(build_args={"SOURCE_DATE_EPOCH": "yesterday"})


def test_a_mistake_is_shown_where_it_is() -> None:
    with pytest.raises(BuildFailed) as failure:
        settle("FROM scratch\nRNU true\n")
    assert ">>> RNU true" in failure.value.excerpt


def test_a_dockerfile_that_is_too_large() -> None:
    with pytest.raises(Invalid, match="too large: it has more than 1048576 characters"):
        settle("#" * ((1 << 20) + 1))


def test_arguments_that_mean_something_to_the_builder() -> None:
    assert settle(build_args={"SOURCE_DATE_EPOCH": "5"}).options.epoch_seconds == 5
    assert settle(build_args={"WHERRY_REPRODUCIBLE": "Off"}).options.reproducible is False
    assert settle(build_args={"WHERRY_REPRODUCIBLE": "1"}).options.reproducible is True


def test_contexts(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/.dockerignore").write_text("x\n")
    options = Options(contexts={"other": str(tmp_path / "other"), "image": "docker-image://x"})
    own, named = contexts_of(Source("", tmp_path, ignore="a\n"), options)
    assert (own[0], own[1], own[2] is not None and own[2].ignores("a")) == ("", tmp_path, True)
    assert (named[0], named[1], named[2] is not None and named[2].ignores("x")) == ("other", tmp_path / "other", True)
    assert not list(contexts_of(Source(""), Options()))
    for wrong in (str(tmp_path / "missing"), "relative"):
        with pytest.raises(Invalid, match="is no directory"):
            list(contexts_of(Source(""), Options(contexts={"x": wrong})))


async def test_findings(workshop: Workshop, context: Path) -> None:
    await workshop.build("FROM scratch AS Upper\nENV A 1\n", context)
    assert {event.rule for event in workshop.all_of(Warned)} == {"StageNameCasing", "LegacyKeyValueFormat"}
    await workshop.build("# check=skip=all\nFROM scratch AS Upper\nENV A 1\n", context)
    assert not workshop.all_of(Warned)
