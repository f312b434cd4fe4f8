"""What a request and a Dockerfile settle before anything is looked up."""

import pytest

from wherry.engine.build.model import BuildFailed, Options, Source
from wherry.engine.build.planning import setting_of
from wherry.kit.errors import Invalid, Unsupported

NOW = 1_700_000_000


def settle(text: str = "FROM scratch\n", **options: object) -> object:
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
