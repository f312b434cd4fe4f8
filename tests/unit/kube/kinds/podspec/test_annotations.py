from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_template
from wherry.kube.kinds.podspec.annotations import validate_annotation_changes
from wherry.kube.machinery.fielderrors import Path

APPARMOR = "container.apparmor.security.beta.kubernetes.io/web"
SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_WEB = "container.seccomp.security.alpha.kubernetes.io/web"
MIRROR = "kubernetes.io/config.mirror"
COST = "controller.kubernetes.io/pod-deletion-cost"


@pytest.mark.parametrize(
    ("annotations", "errors"),
    [
        ({}, []),
        ({"example.com/any": "thing"}, []),
        (
            {MIRROR: "abc"},
            [f't.annotations[{MIRROR}]: Invalid value: "abc": must set spec.nodeName if mirror pod annotation is set'],
        ),
        ({COST: "-2147483648"}, []),
        ({COST: "2147483648"}, [f't.annotations[{COST}]: Invalid value: "2147483648": must be a 32bit integer']),
        ({COST: "+5"}, [f't.annotations[{COST}]: Invalid value: "+5": must be a 32bit integer']),
        ({COST: "05"}, [f't.annotations[{COST}]: Invalid value: "05": must be a 32bit integer']),
        ({SECCOMP: "runtime/default"}, []),
        ({SECCOMP: "localhost/a/b"}, []),
        ({SECCOMP: "localhost/../b"}, [f"t.annotations.{SECCOMP}: Invalid value: \"../b\": must not contain '..'"]),
        ({SECCOMP: "x"}, [f't.annotations.{SECCOMP}: Invalid value: "x": must be a valid seccomp profile']),
        ({APPARMOR: "localhost/strict"}, []),
        (
            {APPARMOR: "strict"},
            [f't.annotations[{APPARMOR}]: Invalid value: "strict": invalid AppArmor profile name: "strict"'],
        ),
        (
            {APPARMOR.replace("web", "other"): "unconfined"},
            [
                f't.annotations[{APPARMOR.replace("web", "other")}]: Invalid value: "other": container not found',
            ],
        ),
        (
            {"scheduler.alpha.kubernetes.io/tolerations": '[{"key": "a", "operator": "Exists", "value": "b"}]'},
            [
                "t.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Invalid value: "
                "\"b\": value must be empty when `operator` is 'Exists'"
            ],
        ),
    ],
)
def test_annotations_with_a_meaning_are_checked(annotations: dict[str, str], errors: list[str]) -> None:
    assert wrong_template(metadata={"annotations": annotations}, spec=pod_spec()) == errors


def test_tolerations_that_are_no_json_are_refused() -> None:
    annotations = {"scheduler.alpha.kubernetes.io/tolerations": "{"}
    errors = wrong_template(metadata={"annotations": annotations}, spec=pod_spec())
    assert len(errors) == 1
    assert errors[0].startswith('t.annotations: Invalid value: "scheduler.alpha.kubernetes.io/tolerations": ')


@pytest.mark.parametrize(
    ("annotations", "of_pod", "of_container", "errors"),
    [
        ({SECCOMP: "runtime/default"}, {"seccompProfile": {"type": "RuntimeDefault"}}, {}, []),
        (
            {SECCOMP: "unconfined"},
            {"seccompProfile": {"type": "RuntimeDefault"}},
            {},
            ["t.spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match"],
        ),
        (
            {SECCOMP_WEB: "localhost/a"},
            {},
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "b"}},
            [
                "t.spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: "
                "seccomp profile in annotation and field must match"
            ],
        ),
        (
            {APPARMOR: "unconfined"},
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": "b"}},
            {},
            [
                "t.spec.containers[0].securityContext.appArmorProfile.type: Forbidden: "
                "apparmor type in annotation and field must match"
            ],
        ),
        (
            {APPARMOR: "localhost/b"},
            {},
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": "b"}},
            [],
        ),
    ],
)
def test_a_profile_given_twice_is_the_same(
    annotations: dict[str, str], of_pod: dict[str, Any], of_container: dict[str, Any], errors: list[str]
) -> None:
    spec = pod_spec(container(securityContext=of_container), securityContext=of_pod)
    assert wrong_template(metadata={"annotations": annotations}, spec=spec) == errors


@pytest.mark.parametrize(
    ("then", "now", "errors"),
    [
        ({"a": "b"}, {"a": "c"}, []),
        ({APPARMOR: "unconfined"}, {APPARMOR: "unconfined"}, []),
        ({APPARMOR: "unconfined"}, {}, [f"[{APPARMOR}]: Forbidden: may not remove or update AppArmor annotations"]),
        ({}, {APPARMOR: "unconfined"}, [f"[{APPARMOR}]: Forbidden: may not add AppArmor annotations"]),
        ({}, {MIRROR: "x"}, [f"[{MIRROR}]: Forbidden: may not add mirror pod annotation"]),
        ({MIRROR: "x"}, {}, [f"[{MIRROR}]: Forbidden: may not remove or update mirror pod annotation"]),
    ],
)
def test_what_a_pod_was_made_with_stays(then: dict[str, str], now: dict[str, str], errors: list[str]) -> None:
    def pod(annotations: dict[str, str]) -> dict[str, Any]:
        return {"metadata": {"annotations": annotations}, "spec": {**pod_spec(), "nodeName": "n"}}

    found = said(validate_annotation_changes(pod(now), pod(then), Path("metadata.annotations")))
    assert found == ["metadata.annotations" + each for each in errors]
