"""When a pod's failure is the job's, or none at all; and when some successes are enough: pure (pod_failure_policy.go,
success_policy.go)."""

from collections.abc import Iterable, Sequence

import msgspec

from wherry.kube.controllers.job.indexes import Indexes
from wherry.kube.controllers.job.view import completions_of
from wherry.kube.machinery.model import Object


class Judged(msgspec.Struct, frozen=True):
    """``action`` is that of the rule: FailJob (``message`` says why), FailIndex, Ignore, Count; empty: none fits."""

    action: str = ""
    message: str = ""

    @property
    def counts(self) -> bool:
        """Against the limit of failures."""
        return self.action != "Ignore"


def judge(job: Object, pod: Object) -> Judged:
    """A pod that has failed, by the first rule that fits."""
    rules: Sequence[Object] = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    meta = pod["metadata"]
    name = f"{meta.get('namespace', '')}/{meta['name']}"
    for position, rule in enumerate(rules):
        why = _exit_code(rule, pod, name) if rule.get("onExitCodes") else _condition(rule, pod, name)
        if why:
            action = rule.get("action", "")
            return Judged(action, f"{why} matching {action} rule at index {position}" if action == "FailJob" else "")
    return Judged()


def _exit_code(rule: Object, pod: Object, name: str) -> str:
    status, wanted = pod.get("status") or {}, rule["onExitCodes"]
    for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        ended = (each.get("state") or {}).get("terminated")
        if not ended or wanted.get("containerName") not in (None, each.get("name")):
            continue
        code = ended.get("exitCode", 0)
        if code and (code in wanted["values"]) == (wanted["operator"] == "In"):
            return f"Container {each.get('name')} for pod {name} failed with exit code {code}"
    return ""


def _condition(rule: Object, pod: Object, name: str) -> str:
    patterns = [(each.get("type"), each.get("status", "True")) for each in rule.get("onPodConditions") or ()]
    for each in (pod.get("status") or {}).get("conditions") or ():
        if (each.get("type"), each.get("status")) in patterns:
            return f"Pod {name} has condition {each['type']}"
    return ""


def job_failure(job: Object, failed: Iterable[Object]) -> str:
    """Why these failed pods are the end of the job; empty: they are not."""
    if job["spec"].get("podFailurePolicy") is None:
        return ""
    return next((found.message for pod in failed if (found := judge(job, pod)).action == "FailJob"), "")


def success(job: Object, done: Indexes) -> str:
    """By which rule the indexes that are done are enough; empty: by none."""
    rules: Sequence[Object] = (job["spec"].get("successPolicy") or {}).get("rules") or ()
    for position, rule in enumerate(rules):
        count = rule.get("succeededCount")
        if rule.get("succeededIndexes") is None:
            is_met = count is not None and done.total >= count
        else:
            wanted = Indexes.parse(rule["succeededIndexes"], completions_of(job) or 0)
            have = (wanted & done).total
            is_met = bool(wanted.total) and (have == wanted.total or (count is not None and have >= count))
        if is_met and done.total:
            return f"Matched rules at index {position}"
    return ""
