"""Rules of a JobSpec, its selector aside: that is a matter of Jobs alone."""

from wherry.kube.kinds import templates
from wherry.kube.kinds.checking import optional_choice
from wherry.kube.kinds.jobspec.policies import validate_failure_policy, validate_success_policy
from wherry.kube.kinds.podspec import pod_template_warnings
from wherry.kube.kinds.rules import Found, counts, domain_prefixed_path, longest, unsupported
from wherry.kube.machinery.fielderrors import Path, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_MAX_PARALLEL = 100_000
"""Of an indexed job, as many failed ones: their indexes are kept in a text."""
_MANY_COMPLETIONS, _MAX_OF_MANY = 100_000, 10_000
_MAX_MANAGER_BYTES = 63
_INDEXED = "requires indexed completion mode"


def validate_job_spec(spec: Object, path: Path) -> Found:
    found = counts(
        path,
        spec,
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    )
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        found.append(required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"))
    if (manager := spec.get("managedBy")) is not None:
        found += domain_prefixed_path(path.child("managedBy"), manager)
        found += longest(path.child("managedBy"), manager, _MAX_MANAGER_BYTES)
    found += _validate_mode(spec, path)
    if spec.get("podFailurePolicy") is not None:
        found += validate_failure_policy(spec, path.child("podFailurePolicy"))
    if spec.get("successPolicy") is not None:
        found += validate_success_policy(spec, path.child("successPolicy"))
    found += _validate_replacement(spec, path.child("podReplacementPolicy"))
    found += templates.validate_template(spec.get("template", {}), path.child("template"))
    return found + _validate_restarts(spec, path.child("template", "spec", "restartPolicy"))


def _validate_mode(spec: Object, path: Path) -> Found:
    mode = spec.get("completionMode", "NonIndexed")
    if mode == "Indexed":
        return _validate_indexed(spec, path)
    if mode != "NonIndexed":
        return [unsupported(path.child("completionMode"), mode, "NonIndexed", "Indexed")]
    only_indexed = ("backoffLimitPerIndex", "maxFailedIndexes")
    return [invalid(path.child(name), spec[name], _INDEXED) for name in only_indexed if spec.get(name) is not None]


def _validate_indexed(spec: Object, path: Path) -> Found:
    completions, parallelism, failures = (spec.get(name) for name in ("completions", "parallelism", "maxFailedIndexes"))
    found: Found = []
    if completions is None:
        found.append(required(path.child("completions"), "when completion mode is Indexed"))
    if parallelism is not None and parallelism > _MAX_PARALLEL:
        why = f"must be less than or equal to {_MAX_PARALLEL} when completion mode is Indexed"
        found.append(invalid(path.child("parallelism"), parallelism, why))
    where = path.child("maxFailedIndexes")
    if failures is not None and completions is not None and failures > completions:
        found.append(invalid(where, failures, "must be less than or equal to completions"))
    if failures is not None and failures > _MAX_PARALLEL:
        found.append(invalid(where, failures, f"must be less than or equal to {_MAX_PARALLEL}"))
    many = completions is not None and completions > _MANY_COMPLETIONS
    return found + (_validate_many(spec, path) if many and spec.get("backoffLimitPerIndex") is not None else [])


def _validate_many(spec: Object, path: Path) -> Found:
    """Of very many indexes, each with a limit of its own."""
    found: Found = []
    if spec.get("maxFailedIndexes") is None:
        why = f"must be specified when completions is above {_MANY_COMPLETIONS}"
        found.append(required(path.child("maxFailedIndexes"), why))
    for name in ("parallelism", "maxFailedIndexes"):
        if (spec.get(name) or 0) > _MAX_OF_MANY:
            above = f"when completions are above {_MANY_COMPLETIONS} and used with backoff limit per index"
            found.append(invalid(path.child(name), spec[name], f"must be less than or equal to {_MAX_OF_MANY} {above}"))
    return found


def _validate_replacement(spec: Object, path: Path) -> Found:
    policy = spec.get("podReplacementPolicy")
    if policy is not None and spec.get("podFailurePolicy") is not None:
        return [] if policy == "Failed" else [not_supported(path, policy, ("Failed",))]
    return optional_choice(path, policy, ("Failed", "TerminatingOrFailed"))


def _validate_restarts(spec: Object, path: Path) -> Found:
    """Always is the default of pods: then nobody has chosen."""
    policy = spec.get("template", {}).get("spec", {}).get("restartPolicy", "")
    if policy in ("", "Always"):
        return [required(path, 'valid values: "OnFailure", "Never"')]
    if policy not in ("OnFailure", "Never"):
        return [unsupported(path, policy, "OnFailure", "Never")]
    if spec.get("podFailurePolicy") is not None and policy != "Never":
        return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


def job_warnings(spec: Object, path: Path) -> list[str]:
    found = pod_template_warnings(spec.get("template", {}), path.child("template"))
    many = (spec.get("completions") or 0) > _MANY_COMPLETIONS and (spec.get("parallelism") or 0) > _MAX_OF_MANY
    if spec.get("completionMode") != "Indexed" or not many:
        return found
    why = (
        "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
        "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
    )
    return [f"{path}: {why}", *found]
