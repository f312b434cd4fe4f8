import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.admission.podsecurity.policy import LATEST, OPEN, PREFIX, Level, LevelVersion, of_labels


def labels(**given_labels: str) -> dict[str, str]:
    return {PREFIX + name.replace("_", "-"): value for name, value in given_labels.items()}


def test_no_labels_ask_for_nothing() -> None:
    assert of_labels(None) == of_labels({"app": "web"}) == (OPEN, []) and OPEN.is_privileged


def test_each_mode_has_its_level_and_version() -> None:
    policy, errors = of_labels(
        labels(enforce="baseline", enforce_version="v1.30", audit="restricted", warn="restricted")
    )
    assert not errors and str(policy.enforce) == "baseline:v1.30"
    assert str(policy.audit) == str(policy.warn) == "restricted:latest"


def test_who_enforces_is_warned_by_the_same_unless_it_is_said_otherwise() -> None:
    enforced = of_labels(labels(enforce="baseline", enforce_version="v1.30"))[0]
    assert enforced.warn == enforced.enforce and enforced.audit == LevelVersion()
    newer = of_labels(labels(enforce="baseline", enforce_version="v1.30", warn_version="v1.35"))[0]
    assert str(newer.warn) == "baseline:v1.35"
    assert of_labels(labels(enforce="unreadable"))[0].warn.level is Level.PRIVILEGED
    quiet = of_labels(labels(enforce="baseline", warn="privileged"))[0]
    assert quiet.warn.level is Level.PRIVILEGED


@pytest.mark.parametrize(
    ("given_labels", "text"),
    [
        (
            labels(enforce="strict"),
            'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, '
            "baseline, restricted",
        ),
        (
            labels(warn_version="1.30"),
            'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.30": must be "latest" or '
            '"v1.x"',
        ),
    ],
)
def test_an_unreadable_label_is_complained_about(given_labels: dict[str, str], text: str) -> None:
    assert [str(each) for each in of_labels(given_labels)[1]] == [text]


def test_an_unreadable_level_enforces_the_strictest_and_audits_nothing() -> None:
    policy = of_labels(labels(enforce="x", audit="y", warn="z"))[0]
    assert (policy.enforce.level, policy.audit.level, policy.warn.level) == (
        Level.RESTRICTED, Level.PRIVILEGED, Level.PRIVILEGED,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["v1.01", "v2.0", "v1.", "v1.1234567890", " v1.2", "v1.٣", "latest "])
def test_a_version_that_is_none_is_the_latest(version: str) -> None:
    policy, errors = of_labels(labels(enforce_version=version))
    assert policy.enforce.minor == LATEST and len(errors) == 1


@given(st.dictionaries(st.sampled_from(list(labels(enforce="", enforce_version="", audit="", warn=""))), st.text()))
def test_any_labels_have_a_policy(given_labels: dict[str, str]) -> None:
    policy, _ = of_labels(given_labels)
    assert policy.enforce.level in Level
