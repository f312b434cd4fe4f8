"""Requests and limits as a cgroup takes them."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse
from wherry.node.pods.composing import resources

GIB = 1 << 30


def asking(requests: Object | None = None, limits: Object | None = None, **more: object) -> Object:
    found = {kind: each for kind, each in (("requests", requests), ("limits", limits)) if each}
    return container(resources=found, **more)


def test_limits_of_a_container() -> None:
    web = asking({"cpu": "250m", "memory": "64Mi"}, {"cpu": "1500m", "memory": "128Mi"})
    found = resources.container_limits(pod("web", web), web, GIB)
    assert (found.cpu_shares, found.cpu_quota_us, found.cpu_period_us) == (256, 150_000, 100_000)
    assert found.memory_bytes == 128 << 20


def test_who_asks_for_nothing_has_the_least_weight_and_no_limit() -> None:
    found = resources.container_limits(pod(), container(), GIB)
    assert (found.cpu_shares, found.cpu_quota_us, found.memory_bytes) == (2, None, None)


def test_a_limit_alone_is_a_request_too() -> None:
    web = asking(limits={"cpu": "1"})
    assert resources.container_limits(pod("web", web), web, GIB).cpu_shares == 1024


def test_the_smallest_quota_is_a_millisecond() -> None:
    assert resources.cpu_quota_us(1) == 1000


@given(st.integers(0, 10**9))
def test_shares_are_always_some_the_kernel_takes(millicpu: int) -> None:
    assert 2 <= resources.cpu_shares(millicpu) <= 262144


def test_a_pod_has_a_limit_where_all_of_its_containers_have() -> None:
    both = pod("web", asking(limits={"cpu": "1", "memory": "1Gi"}), asking(limits={"cpu": "1"}, name="b"))
    found = resources.pod_limits(both)
    assert (found.cpu_quota_us, found.memory_bytes) == (200_000, None)


def test_what_the_pod_says_as_a_whole_counts() -> None:
    whole = pod("web", container(), resources={"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}})
    found = resources.pod_limits(whole)
    assert (found.cpu_shares, found.cpu_quota_us, found.memory_bytes) == (1024, 200_000, GIB)
    own = resources.container_limits(whole, whole["spec"]["containers"][0], GIB)
    assert own.memory_bytes == GIB


def test_overhead_comes_on_top() -> None:
    web = pod("web", asking({"cpu": "1"}, {"cpu": "1", "memory": "1Gi"}), overhead={"cpu": "1", "memory": "1Gi"})
    assert resources.pod_requests(web)["cpu"] == parse("2")
    assert resources.pod_limits(web).memory_bytes == 2 * GIB


def test_who_is_killed_first_when_memory_is_short() -> None:
    def score(web: Object, **spec: object) -> int:
        return resources.oom_score_adj(pod("web", web, **spec), web, 10 * GIB)

    assert score(container()) == 1000
    assert score(asking({"cpu": "1", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"})) == -997
    assert score(asking({"memory": "1Gi"})) == 900
    assert score(asking({"memory": "1"})) == 999
    assert score(asking({"memory": "10Gi"})) == 3
    assert score(container(), priority=2_000_000_000) == -997


def test_a_sidecar_is_not_killed_before_whom_it_serves() -> None:
    proxy = asking({"memory": "1"}, name="proxy", restartPolicy="Always")
    served = pod("web", asking({"memory": "5Gi"}), initContainers=[proxy])
    assert resources.oom_score_adj(served, proxy, 10 * GIB) == 500
