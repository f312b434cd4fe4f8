"""Which findings are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.lint import CHECK_ARGUMENT, Circumstances, checks, lint, refuse
from wherry.engine.dockerfile.parser import parse
from wherry.kit.errors import Invalid

TEXT = "# b\nARG A\nFROM scratch as C\nCMD d"


def names(text: str, check: str | None = None) -> list[str]:
    build_args = {} if check is None else {CHECK_ARGUMENT: check}
    return [finding.rule.name for finding in lint(parse(text), Circumstances(build_args=build_args))]


def test_findings_are_in_the_order_of_lines() -> None:
    assert names(TEXT) == ["FromAsCasing", "StageNameCasing", "JSONArgsRecommended"]


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("skip=all", []),
        ("skip=FromAsCasing, JSONArgsRecommended", ["StageNameCasing"]),
        ("skip=all;experimental=all", ["InvalidDefinitionDescription"]),
        ("experimental=InvalidDefinitionDescription;skip=FromAsCasing,StageNameCasing",
         ["InvalidDefinitionDescription", "JSONArgsRecommended"]),
    ],
)  # fmt: skip
def test_the_file_and_the_build_say_which(check: str, told: list[str]) -> None:
    assert names(f"# check={check}\n{TEXT}") == told
    assert names(TEXT, check) == told
    assert names(f"# check=skip=all\n{TEXT}", check) == told, "the build argument is over the file"


def test_a_finding_can_fail_the_build() -> None:
    file = parse(f"# check=error=true\n{TEXT}")
    found = lint(file, Circumstances())
    with pytest.raises(Invalid) as refused:
        refuse(found, checks(file, {}))
    assert refused.value.message == (
        "lint violation found for rules: FromAsCasing, JSONArgsRecommended, StageNameCasing"
    )
    refuse([], checks(file, {}))
    refuse(found, checks(parse(TEXT), {}))


@given(st.text(alphabet="FROMSAENVCDWK x=$A{}:\n\\#'\"", max_size=80))
def test_whatever_parses_can_be_searched(text: str) -> None:
    try:
        file = parse(f"FROM scratch\n{text}")
    except InvalidDockerfile:
        return
    lint(file, Circumstances())
