"""Usage as one document, with rates from one look to the next."""

from wherry.node.api.summary import Rates, summary
from wherry.node.api.usage import ContainerUsage, NodeUsage, PodUsage
from wherry.node.pods.runtime import Usage

SECOND = 10**9


def node(at: int, cpu: int) -> NodeUsage:
    return NodeUsage(at, SECOND, cpu, 1000, 3000, 5, 50, 900, 300)


def pod(at: int, *cpu: int) -> PodUsage:
    found = {"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "status": {"startTime": "2026-01-02T03:04:05Z"}}
    each = (ContainerUsage(f"c{number}", SECOND, Usage(used, 100, at)) for number, used in enumerate(cpu))
    return PodUsage(found, tuple(each))


def test_the_first_look_has_sums_and_no_rates() -> None:
    found = summary("n1", node(10 * SECOND, 7), [pod(10 * SECOND, 3, 4)], Rates())
    assert found["node"]["nodeName"] == "n1"
    assert found["node"]["cpu"] == {"time": "1970-01-01T00:00:10.000000000Z", "usageCoreNanoSeconds": 7}
    assert found["node"]["memory"]["availableBytes"] == 3000
    assert found["node"]["fs"]["usedBytes"] == 600
    assert found["node"]["rlimit"]["maxpid"] == 50
    (only,) = found["pods"]
    assert only["podRef"] == {"name": "p", "namespace": "ns", "uid": "u"}
    assert only["cpu"]["usageCoreNanoSeconds"] == 7 and "usageNanoCores" not in only["cpu"]
    assert only["memory"]["workingSetBytes"] == 200
    assert [each["name"] for each in only["containers"]] == ["c0", "c1"]


def test_the_second_has_rates() -> None:
    rates = Rates()
    summary("n1", node(10 * SECOND, 0), [pod(10 * SECOND, 0, 0)], rates)
    found = summary("n1", node(20 * SECOND, 5 * SECOND), [pod(20 * SECOND, SECOND, 2 * SECOND)], rates)
    assert found["node"]["cpu"]["usageNanoCores"] == SECOND // 2
    (only,) = found["pods"]
    assert [each["cpu"]["usageNanoCores"] for each in only["containers"]] == [SECOND // 10, SECOND // 5]
    assert only["cpu"]["usageNanoCores"] == 3 * SECOND // 10


def test_two_looks_at_once_have_the_same_rates() -> None:
    rates = Rates()
    assert rates.of("x", 10 * SECOND, 0) is None
    assert rates.of("x", 12 * SECOND, SECOND) == SECOND // 2
    assert rates.of("x", 12 * SECOND + 1000, 2 * SECOND) == SECOND // 2


def test_a_look_of_long_ago_is_none_and_time_does_not_run_backwards() -> None:
    rates = Rates()
    rates.of("x", 10 * SECOND, 5)
    assert rates.of("x", 1000 * SECOND, 10) is None
    assert rates.of("x", 1002 * SECOND, 3) is None


def test_who_is_gone_is_forgotten() -> None:
    rates = Rates()
    for at in (10, 20):
        summary("n1", node(at * SECOND, at), [pod(at * SECOND, at)], rates)
    summary("n1", node(30 * SECOND, 30), [], rates)
    assert set(rates._points) == set(rates._rates) == {"node"}
