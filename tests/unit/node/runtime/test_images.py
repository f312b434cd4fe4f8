"""Images for pods."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.engine.containers.harness import image
from tests.unit.node.runtime.world import IMAGE_ID, World, world
from wherry.engine.distribution.model import ANONYMOUS
from wherry.kit.errors import Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated, Unavailable
from wherry.node.pods.runtime import Credentials
from wherry.node.runtime.images import is_own, status, usable
from wherry.oci.reference import Reference

DIGEST = "sha256:" + "d" * 64
PULLED = replace(image("web:1", 2), repo_digests=(f"web@{DIGEST}",), size_bytes=9)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as found:
        yield found


def test_a_status_has_whole_names() -> None:
    found = status(replace(image("demo:1", 1, user="7"), size_bytes=5))
    assert found.names == ("docker.io/library/demo:1",)
    assert (found.id, found.user, found.size_bytes) == (IMAGE_ID, "7", 5)
    assert found.reference == f"docker.io/library/demo@{IMAGE_ID}", "its manifest's digest, for there is no registry's"
    assert status(PULLED).reference == f"docker.io/library/web@{DIGEST}"
    assert status(replace(PULLED, repo_tags=(), repo_digests=())).reference == PULLED.id


def test_one_is_our_own_until_a_registry_has_it() -> None:
    assert is_own(image("demo:1"), Reference.parse("demo:1"))
    assert not is_own(PULLED, Reference.parse("web:1"))
    assert is_own(replace(PULLED, repo_tags=("web:1", "mine:1")), Reference.parse("mine:1"))


@pytest.mark.parametrize(
    "reference", ["demo:1", "docker.io/library/demo:1", "docker.io/demo:1", IMAGE_ID, f"demo@{IMAGE_ID}"]
)
async def test_what_was_made_here_is_found_by_all_its_names_and_not_looked_for(made: World, reference: str) -> None:
    for pull in (False, True):
        assert (await made.pods.ensure_image(reference, pull)).id == IMAGE_ID
    assert made.pods.image(reference) is not None
    assert not made.registries.asked


async def test_what_is_not_there_is_none(made: World) -> None:
    for reference in ("demo:2", f"other@{IMAGE_ID}", "sha256:" + "9" * 64, "1111"):
        assert made.pods.image(reference) is None
    with pytest.raises(Invalid):
        made.pods.image("No/Good")
    assert [one.id for one in made.pods.images()] == [IMAGE_ID]


async def test_what_is_missing_is_pulled_and_what_was_pulled_is_looked_for_when_asked(made: World) -> None:
    made.registries.has["docker.io/library/web:1"] = PULLED
    assert (await made.pods.ensure_image("web:1", False)).id == PULLED.id
    assert (await made.pods.ensure_image("web:1", False)).id == PULLED.id
    assert made.registries.asked == [("docker.io/library/web:1", ANONYMOUS)]
    await made.pods.ensure_image("web:1", True)
    assert len(made.registries.asked) == 2


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotFound("none"), NotFound),
        (Unauthenticated("who"), Unavailable),
        (Forbidden("no"), Unavailable),
        (TooManyRequests("later"), Unavailable),
        (Unavailable("down"), Unavailable),
        (Invalid("lies"), Unavailable),
        (OSError(5, "disk"), Unavailable),
    ],
)
async def test_only_one_that_is_nowhere_is_not_found(made: World, error: Exception, kind: type[Exception]) -> None:
    made.registries.has["docker.io/library/web:1"] = error
    with pytest.raises(kind):
        await made.pods.ensure_image("web:1", False)


async def test_each_user_is_tried_until_one_may(made: World) -> None:
    name = "reg.local/team/web:1"
    made.registries.has |= {f"a@{name}": Unauthenticated("a"), f"b@{name}": NotFound("b"), f"c@{name}": PULLED}
    users = [Credentials("reg.local", user, "x") for user in "abc"]
    assert (await made.pods.ensure_image(name, False, users)).id == PULLED.id
    assert [user.username for _, user in made.registries.asked] == ["a", "b", "c"]
    made.images.images.pop(PULLED.id)
    with pytest.raises(NotFound):
        await made.pods.ensure_image(name, False, users[:2])


async def test_many_who_want_one_wait_for_one(made: World) -> None:
    made.registries.has["docker.io/library/web:1"] = PULLED
    cancelled = asyncio.create_task(made.pods.ensure_image("web:1", False))
    await asyncio.sleep(0)
    cancelled.cancel()
    found = await asyncio.gather(*(made.pods.ensure_image("web:1", False) for _ in range(5)))
    assert {one.id for one in found} == {PULLED.id}
    assert len(made.registries.asked) == 1


async def test_what_pods_brought_here_they_may_remove(made: World) -> None:
    made.registries.has["docker.io/library/web:1"] = PULLED
    await made.pods.ensure_image("web:1", False)
    assert {one.id: one.is_collectable for one in made.pods.images()} == {IMAGE_ID: False, PULLED.id: True}
    for image_id in (IMAGE_ID, "sha256:" + "9" * 64, PULLED.id, PULLED.id):
        await made.pods.remove_image(image_id)
    assert [one.id for one in made.pods.images()] == [IMAGE_ID]


async def test_what_was_here_before_a_pod_asked_stays_whose_it_was(made: World) -> None:
    made.images.images[PULLED.id] = PULLED
    made.registries.has["docker.io/library/web:1"] = PULLED
    await made.pods.ensure_image("web:1", True)
    assert not any(one.is_collectable for one in made.pods.images())


@pytest.mark.parametrize(
    ("registry", "reference", "fits"),
    [
        ("docker.io", "team/web", True),
        ("index.docker.io", "web", True),
        ("reg.local:5000", "reg.local:5000/a", True),
        ("reg.local", "reg.local:5000/a", False),
        ("other", "reg.local/a", False),
        ("", "web", False),
    ],
)
def test_no_registry_hears_of_anothers_users(registry: str, reference: str, fits: bool) -> None:
    assert bool(usable([Credentials(registry, "u", "p")], Reference.parse(reference))) is fits
