"""Chooses among nodes that will do."""

from collections.abc import Sequence
from itertools import compress
from operator import add
from random import Random

from wherry.kube.scheduler import neighbours, standing
from wherry.kube.scheduler.asking import Asking
from wherry.kube.scheduler.fitting import at
from wherry.kube.scheduler.refusals import Plugin
from wherry.kube.scheduler.spreading import Constraints, soft_scores


def best(asking: Asking, constraints: Constraints, slots: Sequence[int], random: Random) -> int:
    """The slot with the highest score; of several, any. ``slots`` is not empty."""
    if len(slots) == 1:
        return slots[0]
    scores = totals(asking, constraints, slots)
    highest = max(scores)
    number = scores.count(highest)
    if number == len(scores):
        return slots[random.randrange(number)]
    if number == 1:
        return slots[scores.index(highest)]
    return random.choice(list(compress(slots, map(highest.__eq__, scores))))


def totals(asking: Asking, constraints: Constraints, slots: Sequence[int]) -> Sequence[int]:
    """The weighted sum of all scores. Where all nodes would get the same of one, it is left out: upstream's sums are
    higher by that, and their order is the same."""
    fitting, profile = asking.fitting, asking.profile
    scores = at(fitting.scores, slots)
    for weight, column in (
        (profile.weight(Plugin.TAINTS), _taints(asking, slots)),
        (profile.weight(Plugin.NODE_AFFINITY), _affinity(asking, slots)),
        (profile.weight(Plugin.SPREAD), soft_scores(asking, constraints, slots)),
        (profile.weight(Plugin.POD_AFFINITY), neighbours.scores(asking, slots)),
        (profile.weight(Plugin.IMAGES), _images(asking, slots)),
    ):
        if weight and column is not None:
            scores = list(map(add, scores, map(weight.__mul__, column)))
    return scores


def _taints(asking: Asking, slots: Sequence[int]) -> list[int] | None:
    return standing.normalized(asking.fitting.disliked, slots, reverse=True)


def _affinity(asking: Asking, slots: Sequence[int]) -> list[int] | None:
    return standing.normalized(asking.fitting.preferred, slots)


def _images(asking: Asking, slots: Sequence[int]) -> list[int] | None:
    cluster, images = asking.cluster, asking.pod.shape.images
    found = asking.fitting.remembered(
        "images", (cluster.images.revision, len(cluster)), lambda: cluster.images.scores(images, len(cluster))
    )
    return [found.get(slot, 0) for slot in slots] if found else None
