"""Which images ``docker images`` lists: the filters of moby's ``ImageService.Images``. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from wherry.engine.images.model import Image
from wherry.kit.durations import parse_moment
from wherry.kit.errors import Invalid
from wherry.oci.reference import Reference

Filters = Mapping[str, Sequence[str]]

_KNOWN = frozenset({"dangling", "label", "label!", "reference", "before", "since", "until"})
_KNOWN_TO_PRUNE = frozenset({"dangling", "label", "label!", "until"})
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


class Facts(msgspec.Struct, frozen=True):
    """``created`` tells when the image of a name was made; ``parents`` are the ids other images are built on."""

    now_nanoseconds: int
    created: Callable[[str], int]
    parents: frozenset[str]


def select(images: Iterable[Image], filters: Filters, everything: bool, facts: Facts) -> list[Image]:
    """The images to list, in the given order, with the references to show. Raises Invalid, and NotFound for names.

    ``everything`` includes images without reference that others are built on (``docker images -a``).
    """
    _check(filters, _KNOWN)
    dangling = _dangling(filters)
    window = _Window.of(filters, facts)
    patterns = [_glob(pattern) for pattern in filters.get("reference", ())]
    selected = []
    for image in images:
        if not window.has(image) or not _has_labels(image, filters):
            continue
        shown = _with_matching_references(image, patterns) if patterns else image
        named = bool(shown.repo_tags or shown.repo_digests)
        if not named and (patterns or dangling is False or (not everything and image.id in facts.parents)):
            continue
        if dangling and (shown.repo_tags or image.id in facts.parents):
            continue
        selected.append(shown)
    return selected


def prunable(images: Sequence[Image], filters: Filters, now_nanoseconds: int) -> list[Image]:
    """What a prune may try: images without tag or, with ``dangling=false``, all; none that others are built on."""
    _check(filters, _KNOWN_TO_PRUNE)
    everything = _dangling(filters) is False
    until = [parse_moment(moment, now_nanoseconds) for moment in filters.get("until", ())]
    window = _Window(None, min(until, default=None))
    parents = {image.parent for image in images}
    return [
        image
        for image in images
        if (everything or not image.repo_tags)
        and (image.repo_tags or image.repo_digests or image.id not in parents)
        and window.has(image)
        and _has_labels(image, filters)
    ]


def _check(filters: Filters, known: frozenset[str]) -> None:
    for name in filters:
        if name not in known:
            raise Invalid(f"invalid filter '{name}'")


def _dangling(filters: Filters) -> bool | None:
    values = filters.get("dangling")
    if not values:
        return None
    meant = {_BOOLEANS.get(value.lower()) for value in values}
    if None in meant or len(meant) != 1:
        raise Invalid(f"invalid filter 'dangling=[{' '.join(values)}]'")
    return meant.pop()


class _Window(msgspec.Struct, frozen=True):
    """Made after ``since`` and before ``before``, both exclusive; None: no bound."""

    since: int | None
    before: int | None

    @classmethod
    def of(cls, filters: Filters, facts: Facts) -> "_Window":
        before = [facts.created(name) for name in filters.get("before", ())]
        before += [parse_moment(moment, facts.now_nanoseconds) for moment in filters.get("until", ())]
        since = [facts.created(name) for name in filters.get("since", ())]
        return cls(max(since, default=None), min(before, default=None))

    def has(self, image: Image) -> bool:
        created = image.created_nanoseconds
        return (self.since is None or created > self.since) and (self.before is None or created < self.before)


def _has_labels(image: Image, filters: Filters) -> bool:
    """All of ``label``, none of ``label!``; each a name or ``name=value``."""
    labels = image.config.config.labels or {}

    def has(label: str) -> bool:
        name, equals, value = label.partition("=")
        return name in labels and (not equals or labels[name] == value)

    return all(map(has, filters.get("label", ()))) and not any(map(has, filters.get("label!", ())))


def _with_matching_references(image: Image, patterns: Sequence[re.Pattern[str]]) -> Image:
    def matches(familiar: str) -> bool:
        name = Reference.parse(familiar).familiar_name
        return any(pattern.fullmatch(familiar) or pattern.fullmatch(name) for pattern in patterns)

    return replace(
        image,
        repo_tags=tuple(filter(matches, image.repo_tags)),
        repo_digests=tuple(filter(matches, image.repo_digests)),
    )


def _glob(pattern: str) -> re.Pattern[str]:
    """Go's path.Match: ``*`` and ``?`` stop at slashes, ``[a-z]`` and ``[^a-z]`` are classes, a backslash quotes."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[":
            character_class, at = _glob_class(pattern, at)
            parts.append(character_class)
        else:
            if character == "\\":
                character = pattern[at : at + 1]
                at += 1
            if not character:
                raise Invalid("syntax error in pattern")
            parts.append(re.escape(character))
    # Runs of "*" would make matching take exponential time.
    return re.compile(re.sub(r"(\[\^/\]\*)+", r"[^/]*", "".join(parts)))


def _glob_class(pattern: str, at: int) -> tuple[str, int]:
    """The class that begins after a ``[``, and where it ends."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[str] = []
    while True:
        if pattern[at : at + 1] == "]" and ranges:
            return f"[{'^' if negated else ''}{''.join(ranges)}]", at + 1
        low, at = _class_character(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            high, at = _class_character(pattern, at + 1)
        if high < low:
            raise Invalid("syntax error in pattern")
        ranges.append(f"{re.escape(low)}-{re.escape(high)}")


def _class_character(pattern: str, at: int) -> tuple[str, int]:
    character = pattern[at : at + 1]
    if character in ("", "-", "]"):
        raise Invalid("syntax error in pattern")
    if character == "\\":
        at += 1
        character = pattern[at : at + 1]
        if not character:
            raise Invalid("syntax error in pattern")
    return character, at + 1
