"""What services hold is what all of them say, whatever has been in between."""

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.held import SERVICES as RESOURCE
from wherry.kube.apiserver.held import Held
from wherry.kube.machinery.model import Object

ADDRESSES = [f"10.96.0.{number}" for number in range(4)]
PORTS = list(range(30000, 30004))
NAMES = st.sampled_from("abc")


def service(name: str, ips: list[str], ports: list[int]) -> Object:
    spec = {"clusterIPs": ips or ["None"], "ports": [{"port": 80, "nodePort": each} for each in ports]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "d"}, "spec": spec}


SERVICES = st.builds(
    service,
    NAMES,
    st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True),
    st.lists(st.sampled_from(PORTS), max_size=2),
)
STEPS = st.lists(SERVICES | NAMES | st.sampled_from(["look", "forget"]), max_size=12)


@given(STEPS)
def test_it_is_what_a_look_at_all_of_them_finds(steps: list[Object | str]) -> None:
    listers, there = FakeListers(), dict[str, Object]()
    held = Held(listers)
    for step in steps:
        if isinstance(step, dict):
            listers.put(step)
            there[step["metadata"]["name"]] = step
        elif step == "look":
            held.refresh()
        elif step == "forget":
            listers.of(RESOURCE).forget_changes()
        elif step in there:
            listers.remove(there.pop(step))
    held.refresh()
    specs = [each["spec"] for each in there.values()]
    assert {each for each in ADDRESSES if each in held} == {ip for spec in specs for ip in spec["clusterIPs"]} - {
        "None"
    }
    assert {each for each in PORTS if each in held} == {port["nodePort"] for spec in specs for port in spec["ports"]}


def test_a_record_counts_without_its_service() -> None:
    held = Held(
        FakeListers(
            {"apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": {"name": "10.96.0.1"}},
            {"apiVersion": "wherry.dev/v1", "kind": "NodePort", "metadata": {"name": "30000"}},
        )
    )
    assert "10.96.0.1" in held and 30000 in held
    assert "30000" not in held and 30001 not in held and "10.96.0.2" not in held
