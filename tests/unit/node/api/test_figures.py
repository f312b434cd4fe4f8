"""Figures in Prometheus' format."""

from wherry.node.api.figures import Family, Sample, cadvisor, own, resource, text
from wherry.node.api.usage import ContainerUsage, NodeUsage, PodUsage
from wherry.node.pods.runtime import Usage

NODE = NodeUsage(5_000_000_000, 0, 7_500_000_000, 1000, 3000)
POD = PodUsage(
    {"metadata": {"name": "p", "namespace": "ns"}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}},
    (ContainerUsage("c", 2_000_000_000, Usage(1_500_000_000, 100, 5_000_000_000)),),
)


def lines(families: list[Family]) -> list[str]:
    return [line for line in text(families).decode().splitlines() if not line.startswith("#")]


def test_the_format() -> None:
    family = Family("f", "gauge", "Words.", [Sample(1), Sample(2.5, {"a": 'q"\\\n'}, 3_000_000_000)])
    assert text([family]).decode() == '# HELP f Words.\n# TYPE f gauge\nf 1\nf{a="q\\"\\\\\\n"} 2.5 3000\n'


def test_what_a_metrics_server_reads() -> None:
    found = lines(resource(NODE, [POD]))
    assert 'container_cpu_usage_seconds_total{container="c",namespace="ns",pod="p"} 1.5 5000' in found
    assert 'container_memory_working_set_bytes{container="c",namespace="ns",pod="p"} 100 5000' in found
    assert 'container_start_time_seconds{container="c",namespace="ns",pod="p"} 2.0' in found
    assert 'pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 1.5 5000' in found
    assert "node_cpu_usage_seconds_total 7.5 5000" in found
    assert "node_memory_working_set_bytes 1000 5000" in found


def test_of_cadvisors_figures_those_that_there_are() -> None:
    found = lines(cadvisor(NODE, [POD], 2))
    assert 'container_memory_working_set_bytes{container="c",namespace="ns",pod="p",image="x:1"} 100 5000' in found
    assert "machine_cpu_cores 2" in found and "machine_memory_bytes 4000" in found


def test_the_agents_own() -> None:
    process = {"cpu_seconds": 1.0, "resident_bytes": 2.0, "start_seconds": 3.0, "open_fds": 4.0}
    found = lines(own("n1", [POD], process))
    assert 'kubelet_node_name{node="n1"} 1' in found
    assert "kubelet_running_pods 1" in found
    assert "process_open_fds 4.0" in found
