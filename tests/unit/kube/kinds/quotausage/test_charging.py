from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.quotausage import charging
from wherry.kube.kinds.quotausage.amounts import parsed
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")


def quota(hard: dict[str, str], used: dict[str, str] | None = None) -> Object:
    status = {"hard": hard, "used": dict.fromkeys(hard, "0") if used is None else used}
    return {"metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}, "status": status}


def test_too_much_is_told_in_upstreams_words() -> None:
    bound = quota({"pods": "2", "cpu": "1", "memory": "1Gi"}, {"pods": "2", "cpu": "900m", "memory": "0"})
    text = charging.exceeded(bound, parsed({"pods": "1", "cpu": "200m", "memory": "1Mi", "other": "5"}))
    assert text == "exceeded quota: q, requested: cpu=200m,pods=1, used: cpu=900m,pods=2, limited: cpu=1,pods=2"
    assert charging.exceeded(quota({"pods": "1"}), parsed({"pods": "1"})) == ""


def test_what_was_too_much_before_stands_in_the_way_of_nothing_else() -> None:
    bound = quota({"pods": "2", "cpu": "1"}, {"pods": "9", "cpu": "0"})
    assert charging.exceeded(bound, parsed({"cpu": "1"})) == ""


def test_a_container_must_say_what_is_limited() -> None:
    containers = [{"name": "a"}, {"name": "b", "resources": {"requests": {"cpu": "1"}}}]
    pod = {"spec": {"containers": containers, "initContainers": [{"name": "i"}]}}
    assert charging.unspecified(["limits.cpu", "pods", "requests.cpu", "ephemeral-storage"], pod) == (
        "must specify limits.cpu for: a,b,i; requests.cpu for: a,i"
    )
    assert charging.unspecified(["cpu"], {"spec": {**pod["spec"], "resources": {"requests": {"cpu": "1"}}}}) == ""


def test_a_quota_that_was_never_counted_judges_nothing() -> None:
    uncounted = quota({"pods": "2", "secrets": "1"}, {})
    assert charging.refusal(uncounted, PODS, {"spec": {}}) == "status unknown for quota: q, resources: pods"
    assert charging.refusal(uncounted, GroupResource("apps", "deployments"), {}) == ""


def test_charging_adds_what_is_limited_and_keeps_the_rest() -> None:
    status = charging.charged(quota({"pods": "5"}, {"pods": "2"}), parsed({"pods": "1", "cpu": "1"}))
    assert status == {"hard": {"pods": "5"}, "used": {"pods": "3"}}


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 100))
def test_what_is_charged_never_exceeds_and_comes_back(used: int, more: int, hard: int) -> None:
    bound = quota({"pods": str(hard)}, {"pods": str(used)})
    wanted = parsed({"pods": str(more)})
    if charging.exceeded(bound, wanted) == "":
        status = charging.charged(bound, wanted)
        assert int(status["used"]["pods"]) == used + more and (not more or used + more <= hard)
        assert charging.given_back({**bound, "status": status}, wanted)["used"] == {"pods": str(used)}
    else:
        assert used + more > hard
