"""Which references and images a ``docker rmi`` takes away: Docker's rules, as a pure plan.

The rules are those of moby's ``ImageService.ImageDelete`` (daemon/images/image_delete.go, 28.x):

* Removing by a reference takes that reference; the image goes with its last one.
* Removing by id takes an image of one repository with its tag; several references need force.
* A running container and a child image forbid it for good; a stopped container, and references, unless forced.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from wherry.engine.images.model import ImageUse
from wherry.kit.errors import Conflict


class Tag(msgspec.Struct, frozen=True, order=True):
    """A reference to an image as removal sees it: canonical text, its repository, and whether it is by digest."""

    reference: str
    familiar: str
    repository: str
    is_digest: bool


class Target(msgspec.Struct, frozen=True):
    """An image in question. ``children`` are the ids of images built on it; ``chain_ids`` from the lowest up."""

    id: str
    tags: Sequence[Tag]
    uses: Sequence[ImageUse]
    children: Sequence[str]
    parent: str = ""


class Removal(msgspec.Struct):
    """What to do: references to drop (in order), images to delete, and what to answer, in Docker's order."""

    untag: list[tuple[str, Tag]] = msgspec.field(default_factory=list)
    delete: list[str] = msgspec.field(default_factory=list)


class Request(msgspec.Struct, frozen=True):
    """``name`` as the user typed it; ``named`` the reference it stands for, None when it was an id."""

    name: str
    named: Tag | None
    force: bool
    prune: bool


def short(identifier: str) -> str:
    """Docker's twelve characters of an id."""
    return identifier.removeprefix("sha256:")[:12]


def plan(request: Request, image: str, look: Callable[[str], Target]) -> Removal:
    """The removal of ``image``; ``look`` tells the facts about any image id. Raises Conflict with Docker's words."""
    removal = Removal()
    target = look(image)
    remaining = list(target.tags)
    by_reference = request.named is not None
    if request.named is not None:
        _refuse_last_reference_in_use(request, target)
        remaining = _without_reference(request.named, remaining)
        removal.untag += [(image, tag) for tag in _gone(target.tags, remaining)]
        if remaining:
            return removal
    elif is_single(remaining):
        _check(target, remaining, ignore_references=True, ignore_stopped=request.force)
        removal.untag += [(image, tag) for tag in remaining]
        remaining = []
    _delete(removal, target, remaining, request, look, quiet=by_reference)
    return removal


def _refuse_last_reference_in_use(request: Request, target: Target) -> None:
    """Losing its last reference would leave an image in use dangling: only when forced."""
    if not request.force and is_single(target.tags) and target.uses:
        raise Conflict(
            f'conflict: unable to remove repository reference "{request.name}" (must force) - container '
            f"{short(target.uses[0].container_id)} is using its referenced image {short(target.id)}"
        )


def _without_reference(named: Tag, tags: Iterable[Tag]) -> list[Tag]:
    """Without the reference, and without its repository's digests when it was the repository's last tag."""
    left = [tag for tag in tags if tag.reference != named.reference]
    if named.is_digest or any(tag.repository == named.repository and not tag.is_digest for tag in left):
        return left
    return [tag for tag in left if tag.repository != named.repository]


def _gone(before: Sequence[Tag], after: Sequence[Tag]) -> list[Tag]:
    """The tag itself first, then the digests that went with it."""
    return sorted((tag for tag in before if tag not in after), key=lambda tag: tag.is_digest)


def is_single(tags: Sequence[Tag]) -> bool:
    """Whether all references are of one repository, with at most one tag; False for none (moby isSingleReference)."""
    if len(tags) <= 1:
        return len(tags) == 1
    named = [tag for tag in tags if not tag.is_digest]
    digest_repositories = {tag.repository for tag in tags if tag.is_digest}
    if len(named) > 1:
        return False
    single = named[0] if named else tags[0]
    return digest_repositories == {single.repository}


def _delete(
    removal: Removal,
    target: Target,
    remaining: Sequence[Tag],
    request: Request,
    look: Callable[[str], Target],
    quiet: bool,
) -> None:
    """Delete an image and, when pruning, its ancestors as far as nothing needs them."""
    while True:
        try:
            _check(target, remaining, ignore_references=request.force, ignore_stopped=request.force, removal=removal)
        except Conflict:
            if quiet and (remaining or _children(target, removal) or target.uses):
                return
            raise
        removal.untag += [(target.id, tag) for tag in remaining]
        removal.delete.append(target.id)
        if not request.prune or not target.parent:
            return
        target = look(target.parent)
        remaining = target.tags
        request = Request(request.name, request.named, force=False, prune=True)
        quiet = True


def _children(target: Target, removal: Removal) -> list[str]:
    return [child for child in target.children if child not in removal.delete]


def _check(
    target: Target,
    tags: Sequence[Tag],
    *,
    ignore_references: bool,
    ignore_stopped: bool,
    removal: Removal | None = None,
) -> None:
    """Raise the first conflict, hard ones before soft ones."""
    if _children(target, removal or Removal()):
        raise _conflict(target, "cannot be forced", "image has dependent child images")
    for use in target.uses:
        if use.running:
            message = f"image is being used by running container {short(use.container_id)}"
            raise _conflict(target, "cannot be forced", message)
    if tags and not ignore_references:
        raise _conflict(target, "must be forced", "image is referenced in multiple repositories")
    for use in target.uses:
        if not ignore_stopped:
            message = f"image is being used by stopped container {short(use.container_id)}"
            raise _conflict(target, "must be forced", message)


def _conflict(target: Target, force: str, message: str) -> Conflict:
    return Conflict(f"conflict: unable to delete {short(target.id)} ({force}) - {message}")
