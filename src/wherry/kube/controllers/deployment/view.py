"""What a deployment and its sets say: pure reading."""

from wherry.kube.machinery.intstr import scaled
from wherry.kube.machinery.model import Object

INT32_MAX = 2**31 - 1
"""As a limit: none."""
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
_OF_THE_SET = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to",
    REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS,
})  # fmt: skip
_HISTORY_LENGTH = 2000
"""Characters of the annotation with former revisions."""


def annotations_of(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def history_limit(deployment: Object) -> int | None:
    """How many old sets without pods are kept. None: all."""
    limit: int | None = deployment["spec"].get("revisionHistoryLimit")
    return None if limit == INT32_MAX else limit


def number_in(annotations: dict[str, str], name: str) -> int | None:
    """None: it is not there, or no number."""
    text = annotations.get(name, "")
    return int(text) if text.isascii() and text.removeprefix("-").isdecimal() else None


def revision_of(obj: Object) -> int:
    """0 when it has none."""
    return number_in(annotations_of(obj), REVISION) or 0


def replicas_of(obj: Object) -> int:
    """How many there should be, of a deployment or a set."""
    found: int = obj["spec"].get("replicas", 1)
    return found


def reported(obj: Object, field: str) -> int:
    """A figure of the status."""
    return (obj.get("status") or {}).get(field) or 0


def is_rolling(deployment: Object) -> bool:
    kind = (deployment["spec"].get("strategy") or {}).get("type", "RollingUpdate")
    return bool(kind == "RollingUpdate")


def _limits(deployment: Object) -> tuple[int, int]:
    """Surge and unavailable, where a percentage of the former is rounded up and of the latter down; both cannot be 0
    (deployment_util.go ResolveFenceposts)."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    total = replicas_of(deployment)
    surge = scaled(rolling.get("maxSurge", "25%"), total, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), total, round_up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def max_surge(deployment: Object) -> int:
    """Pods beyond the wanted number."""
    return _limits(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    """Pods that may be missing."""
    if not is_rolling(deployment) or not replicas_of(deployment):
        return 0
    return min(_limits(deployment)[1], replicas_of(deployment))


def deadline_seconds(deployment: Object) -> int | None:
    """After which a rollout without progress is said to have failed. None: never."""
    seconds: int | None = deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds == INT32_MAX else seconds


def is_complete(deployment: Object, status: Object) -> bool:
    """The rollout is done: all pods are of the new template and available, and there are no others."""
    replicas, generation = replicas_of(deployment), deployment["metadata"].get("generation", 0)
    figures = (status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    return all(each == replicas for each in figures) and status.get("observedGeneration", 0) >= generation


def new_annotations(deployment: Object, annotations: dict[str, str], revision: int) -> dict[str, str]:
    """Those of the new set: the deployment's, with its own revision, which only rises; the revisions that it had
    before are kept (somebody rolled back to it)."""
    own = {name: value for name, value in annotations_of(deployment).items() if name not in _OF_THE_SET}
    found = {**annotations, **own}
    before = number_in(annotations, REVISION)
    if (before or 0) < revision:
        found[REVISION] = str(revision)
        if REVISION in annotations:
            found[REVISION_HISTORY] = _longer(annotations.get(REVISION_HISTORY, ""), annotations[REVISION])
    return found


def _longer(history: str, revision: str) -> str:
    kept = [each for each in history.split(",") if each]
    while kept and len(",".join([*kept, revision])) > _HISTORY_LENGTH:
        kept.pop(0)
    return ",".join([*kept, revision])


def size_annotations(deployment: Object) -> dict[str, str]:
    """What every set is told of the deployment's size, so that its share is known when that changes."""
    replicas = replicas_of(deployment)
    return {DESIRED_REPLICAS: str(replicas), MAX_REPLICAS: str(replicas + max_surge(deployment))}
