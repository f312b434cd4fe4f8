"""``examples/versions``: two versions behind one Service, few of one and many of the other, or one after the other."""

from collections import Counter

import pytest

import wherry
from tests.conformance.kube.load import Load
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import EXAMPLES, Commands, image

ENOUGH = 300


@pytest.fixture(scope="module", autouse=True)
def built(whole: wherry.Cluster) -> None:
    image(whole, "hello:1", EXAMPLES / "hello")


def address(kubectl: Commands) -> str:
    return "http://" + kubectl("get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}") + "/"


def test_one_request_in_ten_is_answered_by_the_canary(inside: Commands) -> None:
    inside.apply(EXAMPLES / "versions" / "canary.yaml")
    for name in ("hello-stable", "hello-canary"):
        inside("rollout", "status", f"deployment/{name}", "--timeout=100s")
    table = inside.table("get", "pods", "-l", "app=hello", "-L", "version", "-o", "wide")
    assert Counter(row["VERSION"] for row in table) == {"stable": 9, "canary": 1}
    assert all(row["NODE"] not in ("", "<none>") and row["IP"].count(".") == 3 for row in table)
    with Load(address(inside)) as load:
        wait_until(lambda: load.answers.total() >= 2 * ENOUGH, "enough answers")
    # Of 600 by chance 60 ± 7.3: fewer than 20 or more than 100 come once in 10^7 times.
    share = load.counted("version 2") / load.answers.total()
    assert not load.failures and 1 / 30 < share < 1 / 6, load.answers
    inside("scale", "deployment/hello-canary", "--replicas=2")
    inside("rollout", "status", "deployment/hello-canary", "--timeout=100s")
    with Load(address(inside)) as load:
        inside("scale", "deployment/hello-stable", "--replicas=0")
        inside.until(r"^0?$", "get", "deployment", "hello-stable", "-o", "jsonpath={.status.replicas}")
        before = load.counted("version 2")
        wait_until(lambda: load.counted("version 2") > before + ENOUGH, "all of it")
    assert not load.failures, load.failures


def test_blue_and_green_change_places_without_a_lost_request(inside: Commands) -> None:
    inside.apply(EXAMPLES / "versions" / "blue-green.yaml")
    for name in ("hello-blue", "hello-green"):
        inside("rollout", "status", f"deployment/{name}", "--timeout=100s")
    with Load(address(inside)) as load:
        for colour, version, other in (("green", "2", "1"), ("blue", "1", "2"), ("green", "2", "1")):
            inside("patch", "service", "hello", "-p", f'{{"spec": {{"selector": {{"version": "{colour}"}}}}}}')
            wait_until(lambda version=version: load.counted(f"version {version}") > 20, colour)
            ips = inside("get", "pods", "-l", f"version={colour}", "-o", "jsonpath={.items[*].status.podIP}").split()

            def is_led_there(ips: list[str] = ips) -> bool:
                slices = inside.json("endpointslices", "-l", "kubernetes.io/service-name=hello")["items"]
                return sorted(a for s in slices for e in s["endpoints"] for a in e["addresses"]) == sorted(ips)

            wait_until(is_led_there, f"the slices say {colour}")
            wait_until(lambda other=other: stays(load, f"version {other}"), "no answers of the other any more")
    assert not load.failures, load.failures


def stays(load: Load, ending: str) -> bool:
    """While ENOUGH requests were answered, none was by these."""
    before, all_before = load.counted(ending), load.answers.total()
    wait_until(lambda: load.answers.total() > all_before + ENOUGH, "further answers")
    return load.counted(ending) == before
