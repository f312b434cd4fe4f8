"""Cache mounts as volumes."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.build.caches import volume_name


@given(st.text(max_size=300))
def test_every_id_has_a_valid_volume(cache_id: str) -> None:
    name = volume_name(cache_id)
    assert re.fullmatch(r"buildcache-[a-zA-Z0-9_.-]+", name)
    assert len(name) < 80


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_ids_have_different_volumes(one: str, other: str) -> None:
    assert (volume_name(one) == volume_name(other)) == (one == other)


def test_names_say_what_they_are_of() -> None:
    assert volume_name("/root/.cache/go-build").startswith("buildcache-root-.cache-go-build-")
    assert volume_name("/").startswith("buildcache-root-")
    assert volume_name("../../etc").startswith("buildcache-etc-")


def test_private_ones_are_numbered() -> None:
    assert volume_name("a", 0) == volume_name("a")
    assert volume_name("a", 2) == f"{volume_name('a')}-2"
