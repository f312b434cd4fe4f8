"""Docker's rules of rmi, as a truth table."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.images.model import ImageUse
from wherry.engine.images.removal import Removal, Request, Tag, Target, is_single, plan
from wherry.kit.errors import Conflict

ID = "sha256:" + "1" * 64
PARENT = "sha256:" + "2" * 64
RUNNING = ImageUse("a" * 64, running=True)
STOPPED = ImageUse("b" * 64, running=False)


def tag(name: str) -> Tag:
    repository = name.partition("@")[0].rpartition(":")[0] if "@" not in name else name.partition("@")[0]
    return Tag(f"docker.io/library/{name}", name, f"docker.io/library/{repository}", "@" in name)


DEMO, OTHER, DEMO2, DIGEST, OTHER_DIGEST = map(tag, ["demo:1", "other:1", "demo:2", "demo@sha256:x", "other@sha256:x"])


def run(
    *,
    tags: Sequence[Tag] = (DEMO,),
    named: Tag | None = None,
    uses: Sequence[ImageUse] = (),
    children: Sequence[str] = (),
    parent: str = "",
    above: Target | None = None,
    force: bool = False,
    prune: bool = True,
) -> Removal:
    name = named.familiar if named is not None else "111111"
    targets = {ID: Target(ID, tags, uses, children, parent)}
    if above is not None:
        targets[above.id] = above
    return plan(Request(name, named, force, prune), ID, targets.__getitem__)


def untagged(removal: Removal) -> list[str]:
    return [one.familiar for _, one in removal.untag]


def test_the_last_tag_takes_the_image_along() -> None:
    removal = run(named=DEMO)
    assert untagged(removal) == ["demo:1"] and removal.delete == [ID]


def test_one_of_several_tags_goes_alone() -> None:
    removal = run(tags=[DEMO, OTHER], named=DEMO)
    assert untagged(removal) == ["demo:1"] and removal.delete == []


def test_the_last_tag_of_a_repository_takes_its_digests_along() -> None:
    removal = run(tags=[DEMO, DIGEST, OTHER], named=DEMO)
    assert untagged(removal) == ["demo:1", "demo@sha256:x"] and removal.delete == []


def test_another_tag_of_the_repository_keeps_its_digests() -> None:
    removal = run(tags=[DEMO, DEMO2, DIGEST], named=DEMO)
    assert untagged(removal) == ["demo:1"] and removal.delete == []


def test_an_id_with_one_tag_is_untagged_and_deleted() -> None:
    removal = run()
    assert untagged(removal) == ["demo:1"] and removal.delete == [ID]


def test_an_id_without_tags_is_deleted() -> None:
    assert run(tags=[]).delete == [ID]


def test_an_id_with_several_tags_needs_force() -> None:
    with pytest.raises(Conflict) as refused:
        run(tags=[DEMO, OTHER])
    assert refused.value.message == (
        "conflict: unable to delete 111111111111 (must be forced) - image is referenced in multiple repositories"
    )
    removal = run(tags=[DEMO, OTHER], force=True)
    assert untagged(removal) == ["demo:1", "other:1"] and removal.delete == [ID]


@pytest.mark.parametrize("use", [RUNNING, STOPPED])
def test_the_last_name_of_an_image_in_use_needs_force(use: ImageUse) -> None:
    with pytest.raises(Conflict) as refused:
        run(named=DEMO, uses=[use])
    assert refused.value.message == (
        'conflict: unable to remove repository reference "demo:1" (must force) - container '
        f"{use.container_id[:12]} is using its referenced image 111111111111"
    )


def test_a_forced_name_of_a_running_container_only_untags() -> None:
    removal = run(named=DEMO, uses=[RUNNING], force=True)
    assert untagged(removal) == ["demo:1"] and removal.delete == []


def test_a_forced_name_of_a_stopped_container_deletes() -> None:
    removal = run(named=DEMO, uses=[STOPPED], force=True)
    assert removal.delete == [ID]


def test_one_of_several_names_of_an_image_in_use_goes_without_force() -> None:
    assert untagged(run(tags=[DEMO, OTHER], named=DEMO, uses=[RUNNING])) == ["demo:1"]


@pytest.mark.parametrize("force", [False, True])
def test_a_running_container_forbids_the_id_for_good(force: bool) -> None:
    with pytest.raises(Conflict) as refused:
        run(uses=[STOPPED, RUNNING], force=force)
    assert refused.value.message == (
        "conflict: unable to delete 111111111111 (cannot be forced) - "
        "image is being used by running container aaaaaaaaaaaa"
    )


def test_a_stopped_container_forbids_the_id_unless_forced() -> None:
    with pytest.raises(Conflict) as refused:
        run(uses=[STOPPED])
    assert refused.value.message == (
        "conflict: unable to delete 111111111111 (must be forced) - "
        "image is being used by stopped container bbbbbbbbbbbb"
    )
    assert run(uses=[STOPPED], force=True).delete == [ID]


@pytest.mark.parametrize("force", [False, True])
def test_a_child_forbids_the_id(force: bool) -> None:
    with pytest.raises(Conflict, match=r"\(cannot be forced\) - image has dependent child images"):
        run(children=["sha256:" + "3" * 64], force=force)


def test_the_last_name_of_a_parent_leaves_the_image() -> None:
    removal = run(named=DEMO, children=["sha256:" + "3" * 64])
    assert untagged(removal) == ["demo:1"] and removal.delete == []


def test_pruning_takes_unnamed_unused_parents_along() -> None:
    above = Target(PARENT, [], [], [ID])
    assert run(parent=PARENT, above=above).delete == [ID, PARENT]
    assert run(parent=PARENT, above=above, prune=False).delete == [ID]


@pytest.mark.parametrize(
    "above",
    [
        Target(PARENT, [OTHER], [], [ID]),
        Target(PARENT, [], [STOPPED], [ID]),
        Target(PARENT, [], [], [ID, "sha256:" + "3" * 64]),
    ],
    ids=["named", "used", "another child"],
)
def test_pruning_stops_at_a_parent_that_is_needed(above: Target) -> None:
    assert run(parent=PARENT, above=above, force=True).delete == [ID]


@pytest.mark.parametrize(
    ("tags", "single"),
    [
        ([], False),
        ([DEMO], True),
        ([DIGEST], True),
        ([DEMO, DIGEST], True),
        ([DEMO, DEMO2], False),
        ([DEMO, OTHER_DIGEST], False),
        ([DIGEST, OTHER_DIGEST], False),
    ],
)
def test_what_counts_as_a_single_reference(tags: list[Tag], single: bool) -> None:
    assert is_single(tags) is single


@given(
    tags=st.lists(st.sampled_from([DEMO, OTHER, DEMO2, DIGEST, OTHER_DIGEST]), unique=True),
    uses=st.lists(st.sampled_from([RUNNING, STOPPED])),
    force=st.booleans(),
    by_name=st.booleans(),
)
def test_an_image_in_use_by_a_running_container_is_never_deleted(
    tags: list[Tag], uses: list[ImageUse], force: bool, by_name: bool
) -> None:
    try:
        removal = run(tags=tags, uses=uses, force=force, named=tags[0] if by_name and tags else None)
    except Conflict:
        return
    deleted = ID in removal.delete
    assert not (deleted and RUNNING in uses)
    assert not (deleted and uses and not force)
    left = {one for one in tags if one not in [gone for _, gone in removal.untag]}
    assert not (deleted and left), "a deleted image has no name left"
