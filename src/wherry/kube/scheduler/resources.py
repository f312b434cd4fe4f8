"""Room on a node: NodeResourcesFit and NodeResourcesBalancedAllocation."""

from functools import lru_cache

from wherry.kube.scheduler.model import Shape
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.options import Strategy
from wherry.kube.scheduler.refusals import Plugin, Refusal
from wherry.kube.scheduler.requests import CPU, MEMORY, STORAGE

HIGHEST = 100
TOO_MANY_PODS = "Too many pods"
_NATIVE = frozenset({CPU, MEMORY, STORAGE})


def refuse_resources(shape: Shape, ignored: frozenset[str], node: Node) -> Refusal | None:
    """All that there is too little of is named. What is more than the whole node has, no preemption can give."""
    reasons: list[str] = []
    resolvable = True
    if len(node.pods) + 1 > node.max_pods:
        reasons.append(TOO_MANY_PODS)
    allocatable, requested = node.allocatable, node.requested
    for name, amount in shape.requests:
        total = allocatable.get(name, 0)
        if amount <= total - requested.get(name, 0) or _is_ignored(name, ignored):
            continue
        reasons.append(f"Insufficient {name}")
        resolvable = resolvable and amount <= total
    return _insufficient(tuple(reasons), resolvable) if reasons else None


@lru_cache(maxsize=1024)
def _insufficient(reasons: tuple[str, ...], resolvable: bool) -> Refusal:
    return Refusal(Plugin.RESOURCES, reasons, resolvable)


def _is_ignored(name: str, ignored: frozenset[str]) -> bool:
    """Only an extended resource can be somebody else's business: by its name, or by its group."""
    return bool(ignored) and name not in _NATIVE and (name in ignored or name.partition("/")[0] in ignored)


def allocation(shape: Shape, node: Node, strategy: Strategy) -> int:
    """0 … 100: how much room the node has left with the pod there (or how little), in the mean of cpu and memory.
    Containers that ask for nothing are taken to ask for something."""
    least = strategy is Strategy.LEAST_ALLOCATED
    total, weights = 0, 0
    for capacity, used in (
        (node.allocatable.get(CPU, 0), node.cpu_score + shape.cpu_score),
        (node.allocatable.get(MEMORY, 0), node.memory_score + shape.memory_score),
    ):
        if capacity:
            weights += 1
            if used <= capacity:
                total += (capacity - used if least else used) * HIGHEST // capacity
            elif not least:
                total += HIGHEST
    return total // weights if weights else 0


def balance(shape: Shape, node: Node) -> int:
    """0 … 100: how evenly cpu and memory are used with the pod there (100 less the standard deviation of the parts).
    0 for a pod that asks for neither: it would draw all of its like to one node."""
    asked = dict(shape.requests)
    if not (asked.get(CPU) or asked.get(MEMORY)):
        return 0
    parts = [
        min((node.requested.get(name, 0) + asked.get(name, 0)) / capacity, 1.0)
        for name in (CPU, MEMORY)
        if (capacity := node.allocatable.get(name, 0))
    ]
    deviation = abs(parts[0] - parts[1]) / 2 if len(parts) == 2 else 0.0
    return int((1 - deviation) * HIGHEST)
