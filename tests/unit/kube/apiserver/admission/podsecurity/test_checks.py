"""K28, A05: what each level finds, in upstream's words."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.admission.podsecurity.cases import CASES, GOOD, Case
from wherry.kube.apiserver.admission.podsecurity.checks import BASELINE, RESTRICTED, evaluate
from wherry.kube.apiserver.admission.podsecurity.policy import LATEST, Level, LevelVersion
from wherry.kube.apiserver.admission.podspec import CONTAINER_FIELDS
from wherry.kube.machinery.model import Object


def found(level: Level, case: Case) -> tuple[str, ...]:
    return tuple(str(each) for each in evaluate(LevelVersion(level, case.minor), case.pod))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_by_baseline(case: Case) -> None:
    assert found(Level.BASELINE, case) == case.baseline


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_by_restricted(case: Case) -> None:
    assert found(Level.RESTRICTED, case) == case.restricted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_privileged_finds_nothing(case: Case) -> None:
    assert found(Level.PRIVILEGED, case) == ()


def test_the_table_is_large_enough_and_every_check_is_in_it() -> None:
    assert len(CASES) >= 40
    for check in (*BASELINE, *RESTRICTED):
        run = check.as_of(37)
        assert run and any(run(case.pod) for case in CASES), check.id


BAD_CONTAINERS = [
    case for case in CASES if case.baseline and case.pod["spec"]["containers"][0] != GOOD["spec"]["containers"][0]
]


@given(
    st.sampled_from(CONTAINER_FIELDS),
    st.sampled_from(BAD_CONTAINERS),
    st.lists(st.sampled_from(CONTAINER_FIELDS), max_size=3),
)
def test_a_container_is_judged_alike_wherever_it_is(field: str, case: Case, others: list[str]) -> None:
    """K14: in an init or an ephemeral container the same is wrong as in an ordinary one."""
    bad = {**copy.deepcopy(case.pod["spec"]["containers"][0]), "name": "bad"}
    pod: Object = copy.deepcopy({**case.pod, "spec": {**case.pod["spec"], "containers": [], "initContainers": []}})
    for other in others:
        pod["spec"].setdefault(other, []).append(copy.deepcopy(GOOD["spec"]["containers"][0]))
    pod["spec"].setdefault(field, []).append(bad)
    for level, expected in ((Level.BASELINE, case.baseline), (Level.RESTRICTED, case.restricted)):
        reasons = {each.reason for each in evaluate(LevelVersion(level, case.minor), pod)}
        assert {text.partition(" (")[0] for text in expected} <= reasons


def test_old_seccomp_annotations_are_looked_at_up_to_1_18() -> None:
    pod = copy.deepcopy(GOOD)
    pod["metadata"]["annotations"] = {
        "container.seccomp.security.alpha.kubernetes.io/a": "unconfined",
        "seccomp.security.alpha.kubernetes.io/pod": "docker/default",
    }
    (finding,) = evaluate(LevelVersion(Level.BASELINE, 18), pod)
    assert finding.detail == 'forbidden annotation container.seccomp.security.alpha.kubernetes.io/a="unconfined"'
    assert not evaluate(LevelVersion(Level.BASELINE, 19), pod)


@given(st.integers(0, 60), st.sampled_from(CASES))
def test_restricted_finds_whatever_baseline_finds(minor: int, case: Case) -> None:
    of_baseline = evaluate(LevelVersion(Level.BASELINE, minor), case.pod)
    of_restricted = evaluate(LevelVersion(Level.RESTRICTED, minor), case.pod)
    assert bool(of_restricted) >= bool(of_baseline) and len(of_restricted) >= len(of_baseline)


def test_ids_are_in_order_and_versions_rise() -> None:
    for checks in (BASELINE, RESTRICTED):
        assert [check.id for check in checks] == sorted(check.id for check in checks)
        for check in checks:
            since = [minor for minor, _ in check.versions]
            assert since == sorted(set(since))


def test_a_pod_without_spec_is_a_pod_without_containers() -> None:
    assert evaluate(LevelVersion(Level.RESTRICTED, LATEST), {"metadata": {}}) == []
