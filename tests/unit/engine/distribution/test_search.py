"""What is looked for where, and what fits."""

from collections.abc import Sequence

import pytest

from wherry.engine.distribution.model import Found
from wherry.engine.distribution.search import filtered, split
from wherry.kit.errors import Invalid

FOUND = [Found("a", "", 5, True, False), Found("b", "", 1, False, True)]


@pytest.mark.parametrize(
    ("term", "where"),
    [
        ("demo", ("docker.io", "demo")),
        ("library/demo", ("docker.io", "demo")),
        ("team/app", ("docker.io", "team/app")),
        ("docker.io/demo", ("docker.io", "demo")),
        ("localhost:5000/demo", ("localhost:5000", "demo")),
        ("quay.io/team/app", ("quay.io", "team/app")),
    ],
)
def test_a_term_may_name_its_registry(term: str, where: tuple[str, str]) -> None:
    assert split(term) == where


@pytest.mark.parametrize("term", ["", "https://quay.io/demo"])
def test_what_cannot_be_looked_for(term: str) -> None:
    with pytest.raises(Invalid):
        split(term)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "ab"),
        ({"is-official": ["true"]}, "a"),
        ({"is-official": ["false"]}, "b"),
        ({"is-automated": ["1"]}, "b"),
        ({"stars": ["2"]}, "a"),
        ({"stars": ["0"], "is-official": ["TRUE"]}, "a"),
    ],
)
def test_filters(filters: dict[str, Sequence[str]], names: str) -> None:
    assert "".join(one.name for one in filtered(FOUND, filters)) == names


@pytest.mark.parametrize("filters", [{"stars": ["x"]}, {"is-official": ["maybe"]}, {"is-official": ["true", "false"]}])
def test_nonsense_filters(filters: dict[str, Sequence[str]]) -> None:
    with pytest.raises(Invalid, match="invalid filter"):
        filtered(FOUND, filters)
