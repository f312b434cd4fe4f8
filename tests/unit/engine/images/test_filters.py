"""What images are listed and pruned."""

import fnmatch
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.images.filters import Facts, _glob, prunable, select
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.model import ContainerConfig, ImageConfig

SECOND = 1_000_000_000


def image(number: int, *tags: str, created: int = 0, labels: dict[str, str] | None = None, **more: Any) -> Image:
    fields: dict[str, Any] = {
        "id": f"sha256:{number:064x}",
        "config": ImageConfig(config=ContainerConfig(labels=labels)),
        "config_bytes": b"",
        "manifest": "",
        "manifest_type": "",
        "diff_ids": (),
        "chain_ids": (),
        "layers": (),
        "layer_sizes_bytes": (),
        "size_bytes": 0,
        "created": "",
        "created_nanoseconds": created * SECOND,
        "repo_tags": tags,
        "repo_digests": (),
        "parent": "",
        "last_tagged_nanoseconds": 0,
    }
    return Image(**{**fields, **more})


PLAIN = image(1, "demo:1", "demo:2", created=100, labels={"a": "b", "c": ""})
OTHER = image(2, "registry.test/team/app:1", created=200)
DANGLING = image(3, created=300)
PARENT = image(4, created=50)
CHILD = image(5, "child:1", created=60, parent=PARENT.id)
ALL = [DANGLING, OTHER, PLAIN, CHILD, PARENT]


def listed(filters: dict[str, list[str]], everything: bool = False) -> list[str]:
    def created(name: str) -> int:
        for one in ALL:
            if name in one.repo_tags:
                return one.created_nanoseconds
        raise NotFound(f"No such image: {name}")

    facts = Facts(1000 * SECOND, created, frozenset({PARENT.id}))
    return [one.id[-1] for one in select(ALL, filters, everything, facts)]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "3215"),
        ({"dangling": ["true"]}, "3"),
        ({"dangling": ["1"]}, "3"),
        ({"dangling": ["false"]}, "215"),
        ({"label": ["a"]}, "1"),
        ({"label": ["a=b"]}, "1"),
        ({"label": ["a=b", "c"]}, "1"),
        ({"label": ["a=c"]}, ""),
        ({"label!": ["a"]}, "325"),
        ({"before": ["demo:1"]}, "5"),
        ({"since": ["demo:1"]}, "32"),
        ({"since": ["child:1"], "before": ["registry.test/team/app:1"]}, "1"),
        ({"until": ["150"]}, "15"),
        ({"until": ["850s"]}, "15"),
        ({"reference": ["demo"]}, "1"),
        ({"reference": ["demo:2"]}, "1"),
        ({"reference": ["d*", "child"]}, "15"),
        ({"reference": ["*"]}, "15"),
        ({"reference": ["*/*/*"]}, "2"),
        ({"reference": ["registry.test/*/app:?"]}, "2"),
    ],
)
def test_a_filter_lists(filters: dict[str, list[str]], ids: str) -> None:
    assert "".join(listed(filters)) == ids


def test_everything_includes_what_others_are_built_on() -> None:
    assert listed({}, everything=True) == list("32154")


def test_only_matching_references_are_shown() -> None:
    facts = Facts(0, lambda name: 0, frozenset())
    (shown,) = select([PLAIN], {"reference": ["*:2"]}, False, facts)
    assert shown.repo_tags == ("demo:2",)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"colour": ["red"]}, "invalid filter 'colour'"),
        ({"dangling": ["maybe"]}, "invalid filter 'dangling=[maybe]'"),
        ({"dangling": ["true", "false"]}, "invalid filter 'dangling=[true false]'"),
        ({"reference": ["[a"]}, "syntax error in pattern"),
        ({"reference": ["a\\"]}, "syntax error in pattern"),
        ({"reference": ["[]a]"]}, "syntax error in pattern"),
        ({"reference": ["[b-a]"]}, "syntax error in pattern"),
    ],
)
def test_nonsense_is_refused(filters: dict[str, list[str]], message: str) -> None:
    with pytest.raises(Invalid) as refused:
        listed(filters)
    assert refused.value.message == message


def test_a_missing_image_to_compare_with_is_not_found() -> None:
    with pytest.raises(NotFound):
        listed({"before": ["absent:1"]})


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "3"),
        ({"dangling": ["true"]}, "3"),
        ({"dangling": ["false"]}, "3215"),
        ({"dangling": ["false"], "until": ["150"]}, "15"),
        ({"dangling": ["false"], "label!": ["a"]}, "325"),
    ],
)
def test_what_a_prune_tries(filters: dict[str, list[str]], ids: str) -> None:
    assert "".join(one.id[-1] for one in prunable(ALL, filters, 1000 * SECOND)) == ids


def test_a_prune_knows_fewer_filters() -> None:
    with pytest.raises(Invalid, match="invalid filter 'reference'"):
        prunable(ALL, {"reference": ["x"]}, 0)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_globs_without_slashes_are_fnmatch(pattern: str, text: str) -> None:
    assert bool(_glob(pattern).fullmatch(text)) == fnmatch.fnmatchcase(text, pattern)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_pattern_matches_or_is_refused(pattern: str, text: str) -> None:
    try:
        _glob(pattern).fullmatch(text)
    except Invalid:
        pass


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
    ],
)
def test_classes_and_quotes(pattern: str, text: str, matches: bool) -> None:
    assert bool(_glob(pattern).fullmatch(text)) is matches


def test_many_stars_are_cheap() -> None:
    assert isinstance(_glob("*" * 500 + "b"), re.Pattern)
    assert not _glob("*" * 500 + "b").fullmatch("a" * 500)
