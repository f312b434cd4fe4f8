"""``/metrics`` and what is below: figures as Prometheus reads them (exposition format 0.0.4). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wherry.node.api.usage import NodeUsage, PodUsage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """``time_ns`` 0: whenever it is read."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    time_ns: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """``type`` is counter or gauge."""

    name: str
    type: str
    help: str
    samples: Sequence[Sample]


def text(families: Iterable[Family]) -> bytes:
    lines: list[str] = []
    for each in families:
        lines += (f"# HELP {each.name} {each.help}", f"# TYPE {each.name} {each.type}")
        for sample in each.samples:
            labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
            when = f" {sample.time_ns // 10**6}" if sample.time_ns else ""
            lines.append(
                f"{each.name}{{{labels}}} {sample.value!r}{when}" if labels else f"{each.name} {sample.value!r}{when}"
            )
    return ("\n".join(lines) + "\n").encode()


def resource(machine: NodeUsage, pods: Sequence[PodUsage]) -> list[Family]:
    """``/metrics/resource``, which a metrics server reads (pkg/kubelet/metrics/collectors/resource_metrics.go)."""
    cpu, memory, started = _containers(pods, ())
    node_cpu = Sample(machine.cpu_ns / 1e9, {}, machine.time_ns)
    node_memory = Sample(machine.memory_bytes, {}, machine.time_ns)
    return [
        Family("container_cpu_usage_seconds_total", "counter", "CPU time that the container has used.", cpu),
        Family("container_memory_working_set_bytes", "gauge", "Memory that the container uses.", memory),
        Family("container_start_time_seconds", "gauge", "When the container was started, since 1970.", started),
        Family("node_cpu_usage_seconds_total", "counter", "CPU time that the node has used.", [node_cpu]),
        Family("node_memory_working_set_bytes", "gauge", "Memory that the node uses.", [node_memory]),
        *_pod_families(pods),
        Family("resource_scrape_error", "gauge", "1 when something could not be measured.", [Sample(0)]),
    ]


def _pod_families(pods: Sequence[PodUsage]) -> list[Family]:
    cpu, memory = [], []
    for pod in pods:
        labels = _labels(pod)
        when = max(each.usage.time_ns for each in pod.containers)
        cpu.append(Sample(sum(each.usage.cpu_ns for each in pod.containers) / 1e9, labels, when))
        memory.append(Sample(sum(each.usage.memory_bytes for each in pod.containers), labels, when))
    return [
        Family("pod_cpu_usage_seconds_total", "counter", "CPU time that the pod's containers have used.", cpu),
        Family("pod_memory_working_set_bytes", "gauge", "Memory that the pod's containers use.", memory),
    ]


def cadvisor(machine: NodeUsage, pods: Sequence[PodUsage], cores: int) -> list[Family]:
    """``/metrics/cadvisor``: of cAdvisor's figures those that there are."""
    cpu, memory, started = _containers(pods, ("image",))
    whole = machine.memory_bytes + machine.memory_available_bytes
    return [
        Family("container_cpu_usage_seconds_total", "counter", "CPU time that the container has used.", cpu),
        Family("container_memory_working_set_bytes", "gauge", "Memory that the container uses.", memory),
        Family("container_start_time_seconds", "gauge", "When the container was started, since 1970.", started),
        Family("machine_cpu_cores", "gauge", "Processors of the machine.", [Sample(cores)]),
        Family("machine_memory_bytes", "gauge", "Memory of the machine.", [Sample(whole)]),
    ]


def own(node: str, pods: Sequence[PodUsage], process: Mapping[str, float]) -> list[Family]:
    """``/metrics``: of the agent itself. ``process``: cpu_seconds, resident_bytes, start_seconds, open_fds."""
    running = sum(len(each.containers) for each in pods)
    return [
        Family("kubelet_node_name", "gauge", "The node's name.", [Sample(1, {"node": node})]),
        Family("kubelet_running_pods", "gauge", "Pods with a container that runs.", [Sample(len(pods))]),
        Family(
            "kubelet_running_containers", "gauge", "Containers by their state.",
            [Sample(running, {"container_state": "running"})],
        ),
        Family("process_cpu_seconds_total", "counter", "CPU time of this process.", [Sample(process["cpu_seconds"])]),
        Family("process_resident_memory_bytes", "gauge", "Its memory.", [Sample(process["resident_bytes"])]),
        Family("process_start_time_seconds", "gauge", "When it began, since 1970.", [Sample(process["start_seconds"])]),
        Family("process_open_fds", "gauge", "Its open files.", [Sample(process["open_fds"])]),
    ]  # fmt: skip


def _containers(pods: Sequence[PodUsage], more: Sequence[str]) -> tuple[list[Sample], list[Sample], list[Sample]]:
    cpu, memory, started = [], [], []
    for pod in pods:
        images = {each["name"]: each.get("image", "") for each in _all_containers(pod)}
        for each in pod.containers:
            labels = {"container": each.name, **_labels(pod)}
            if "image" in more:
                labels["image"] = images.get(each.name, "")
            cpu.append(Sample(each.usage.cpu_ns / 1e9, labels, each.usage.time_ns))
            memory.append(Sample(each.usage.memory_bytes, labels, each.usage.time_ns))
            started.append(Sample(each.started_ns / 1e9, labels))
    return cpu, memory, started


def _all_containers(pod: PodUsage) -> list[dict[str, str]]:
    spec = pod.pod["spec"]
    return [each for part in ("initContainers", "containers", "ephemeralContainers") for each in spec.get(part) or ()]


def _labels(pod: PodUsage) -> dict[str, str]:
    meta = pod.pod["metadata"]
    return {"namespace": meta["namespace"], "pod": meta["name"]}
