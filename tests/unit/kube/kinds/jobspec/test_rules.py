"""Rules of a JobSpec."""

import pytest

from tests.unit.kube.kinds.objects import pod_spec, said
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND
from wherry.kube.kinds.jobspec.rules import job_warnings, validate_job_spec
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.model import Object

INDEXED = {"completionMode": "Indexed", "completions": 5}
MANY = {"completionMode": "Indexed", "completions": 100001, "backoffLimitPerIndex": 1}


def defaulted(**spec: object) -> Object:
    obj = {"spec": job(**spec)}
    KIND.strategy.default(obj)
    found: Object = obj["spec"]
    return found


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        (INDEXED, []),
        ({"parallelism": -1, "backoffLimit": -2, "ttlSecondsAfterFinished": -3},
         ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
          "spec.backoffLimit: Invalid value: -2: must be greater than or equal to 0",
          "spec.ttlSecondsAfterFinished: Invalid value: -3: must be greater than or equal to 0"]),
        ({**INDEXED, "maxFailedIndexes": 1},
         ["spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"]),
        ({**INDEXED, "maxFailedIndexes": 6, "backoffLimitPerIndex": 1},
         ["spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions"]),
        ({"completionMode": "Indexed", "parallelism": 1},
         ["spec.completions: Required value: when completion mode is Indexed"]),
        ({**INDEXED, "parallelism": 100001},
         ["spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is "
          "Indexed"]),
        ({"completionMode": "Some"},
         ['spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"']),
        ({"backoffLimitPerIndex": 1},
         ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]),
        (MANY, ["spec.maxFailedIndexes: Required value: must be specified when completions is above 100000"]),
        ({**MANY, "maxFailedIndexes": 10001},
         ["spec.maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 when completions are above "
          "100000 and used with backoff limit per index"]),
        ({"managedBy": "me"},
         ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']),
        ({"managedBy": "a.io/" + "b" * 60},
         ["spec.managedBy: Too long: may not be more than 63 bytes"]),
        ({"podReplacementPolicy": "Soon"},
         ['spec.podReplacementPolicy: Unsupported value: "Soon": supported values: "Failed", "TerminatingOrFailed"']),
        ({"podFailurePolicy": {"rules": []}, "podReplacementPolicy": "TerminatingOrFailed"},
         ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"']),
        ({"template": {"spec": pod_spec()}},
         ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
        ({"template": {"spec": pod_spec(restartPolicy="Sometimes")}},
         ['spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", '
          '"OnFailure"',
          'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "OnFailure", "Never"']),
        ({"template": {"spec": pod_spec(restartPolicy="OnFailure")}, "podFailurePolicy": {"rules": []}},
         ['spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when '
          "podFailurePolicy is specified"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert said(validate_job_spec(defaulted(**spec), SPEC)) == errors


def test_what_can_hardly_be_tracked_is_warned_of() -> None:
    assert job_warnings(defaulted(**INDEXED), SPEC) == []
    (warning,) = job_warnings(defaulted(completionMode="Indexed", completions=100001, parallelism=10001), SPEC)
    assert warning.startswith("spec: In Indexed Jobs with a number of completions higher than 10^5")
