"""What the engine is asked."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.runtime.world import FACTS, container, pod
from wherry.engine.containers.creation import Request
from wherry.engine.networks.model import PortBinding
from wherry.engine.sandboxes import PodSandbox
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import ContainerSpec, Dns, Limits, Mount, PortMapping, SandboxSpec, Security
from wherry.node.runtime import requests

BOX = PodSandbox(id="box", name="n", created=1, hostname="h", cgroup="kubepods/burstable/podu1", ids=65536)


def asked(image_user: str = "", **fields: Any) -> Request:
    return requests.container(container(**fields), pod(), BOX, image_user, FACTS)


def test_a_sandbox_is_the_pods() -> None:
    spec = pod(
        qos="Burstable", limits=Limits(pids=3), ports=(PortMapping(80, 8080), PortMapping(53, 5353, "UDP", "127.0.0.1"))
    )
    wanted = requests.sandbox(spec, FACTS)
    assert (wanted.name, wanted.cgroup) == ("k8s_POD_pod-u1_ns_u1_0", "kubepods/burstable/podu1")
    assert wanted.resources == {"pids": {"limit": 3}}
    local = PortBinding(53, "udp", "127.0.0.1", 5353, keeps_family=True)
    assert list(wanted.ports) == [PortBinding(80, "tcp", "0.0.0.0", 8080, keeps_family=True), local]
    of_both = requests.sandbox(spec, replace(FACTS, has_ipv6=True))
    assert list(of_both.ports) == [PortBinding(80, "tcp", "", 8080, keeps_family=True), local]
    assert wanted.texts(["10.0.0.2"])["hostname"] == "host-u1\n"
    assert "text of /etc/resolv.conf" in wanted.texts(())["resolv.conf"]


def test_with_the_hosts_network_it_has_no_ports_of_its_own() -> None:
    wanted = requests.sandbox(pod(host_network=True, ports=(PortMapping(80, 80),)), FACTS)
    assert wanted.host_network and not wanted.ports and not wanted.mapped
    with pytest.raises(Invalid, match="unknown protocol"):
        requests.sandbox(pod(ports=(PortMapping(80, 80, "ICMP"),)), FACTS)


@pytest.mark.parametrize("name", ["host_network", "host_pid", "host_ipc"])
def test_ids_of_its_own_and_the_hosts_namespaces_exclude_each_other(name: str) -> None:
    assert requests.is_mapped(pod())
    assert not requests.is_mapped(pod(**{name: True}))
    assert not requests.is_mapped(pod(user_namespace=False))


texts = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
specs = st.builds(
    SandboxSpec,
    uid=st.text(max_size=5),
    namespace=st.text(max_size=5),
    name=st.text(max_size=5),
    hostname=st.text(max_size=5),
    attempt=st.integers(0, 9),
    labels=texts,
    annotations=texts,
    host_network=st.booleans(),
    dns=st.builds(Dns, servers=st.tuples(st.text(max_size=3))),
    hosts=st.tuples(st.text(max_size=3)),
    ports=st.tuples(st.builds(PortMapping, st.integers(1, 9), st.integers(1, 9))),
    sysctls=texts,
    limits=st.builds(Limits, memory_bytes=st.none() | st.integers(1, 9), pids=st.none() | st.integers(1, 9)),
)


@given(specs)
def test_what_is_noted_is_read_again(spec: SandboxSpec) -> None:
    assert requests.noted(PodSandbox(**{**_fields(BOX), "note": requests.note(spec)})) == spec


def _fields(sandbox: PodSandbox) -> dict[str, Any]:
    return {name: getattr(sandbox, name) for name in sandbox.__struct_fields__}


def test_a_container_is_the_agents_in_dockers_words() -> None:
    request = asked(
        command=("sh",), args=("-c", "x"), env=(("A", "1"), ("B", "")), working_directory="/w", labels={"l": "1"},
        annotations={"n": "2"}, attempt=4, tty=True, stdin=True, stdin_once=True, mounts=(Mount("/d", "/s"),),
        limits=Limits(memory_bytes=1 << 24, oom_score_adj=-997),
    )  # fmt: skip
    config, host, part = request.config, request.host, request.pod
    assert (config.Entrypoint, config.Cmd, config.Env, config.WorkingDir) == (["sh"], ["-c", "x"], ["A=1", "B="], "/w")
    assert (config.Tty, config.OpenStdin, config.StdinOnce) == (True, True, True)
    assert (host.CgroupParent, host.Memory, host.OomScoreAdj) == (BOX.cgroup, 1 << 24, -500)
    assert host.RestartPolicy.Name == "no" and host.LogConfig.Config == {"max-size": "10m", "max-file": "5"}
    assert request.name == "k8s_main_pod-u1_ns_u1_4"
    assert part is not None
    assert (part.sandbox, part.name, part.attempt) == ("box", "main", 4)
    assert (part.labels, part.annotations) == ({"l": "1"}, {"n": "2"})
    assert [point.destination for point in request.mounts] == ["/d"]


@pytest.mark.parametrize("empty", [None, ()])
def test_where_there_is_no_command_it_is_the_images(empty: tuple[str, ...] | None) -> None:
    request = requests.container(ContainerSpec("c", "i", command=empty, args=empty), pod(), BOX, "5:6", FACTS)
    assert (request.config.Entrypoint, request.config.Cmd, request.config.User) == (None, None, "5:6")


def test_rights_are_the_containers() -> None:
    security = Security(
        run_as_user=5, supplemental_groups=(6, 7), add_capabilities=("NET_ADMIN",), drop_capabilities=("ALL",),
        read_only_root=True, no_new_privileges=True, unmasked_proc=True,
    )  # fmt: skip
    host = asked(security=security).host
    assert (host.GroupAdd, host.CapAdd, host.CapDrop) == (["6", "7"], ["NET_ADMIN"], ["ALL"])
    assert (host.ReadonlyRootfs, host.SecurityOpt) == (True, ["no-new-privileges"])
    assert (host.MaskedPaths, host.ReadonlyPaths) == ([], [])
    assert asked().host.MaskedPaths is None
    strict = asked(security=replace(security, image_groups=False))
    assert [each.pod is not None and each.pod.image_groups for each in (asked(), strict)] == [True, False]
    assert asked(security=replace(security, privileged=True)).host.Privileged


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(Invalid, match="variable A is no UTF-8"):
        asked(env=(("A", "\udcff"),))
