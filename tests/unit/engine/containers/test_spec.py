"""From a container to an OCI runtime configuration."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import Config, HostConfig, Ulimit
from wherry.engine.containers.row import MountPoint
from wherry.engine.containers.spec import MASKED, READONLY, Facts, configuration, environment, options

FILES = {"/etc/hosts": "/c/hosts", "/etc/hostname": "/c/hostname", "/etc/resolv.conf": "/c/resolv.conf"}


def facts(**fields: Any) -> Facts:
    usual: dict[str, Any] = {
        "cgroup": "/wherry-x/c",
        "hostname": "box",
        "environment": ["PATH=/bin"],
        "capabilities": ["CAP_CHOWN"],
        "files": FILES,
    }
    return Facts(**(usual | fields))


def made(config: Config | None = None, fields: dict[str, Any] | None = None, **host: Any) -> dict[str, Any]:
    container = row(config=config or Config(), host=HostConfig(**host), **(fields or {}))
    return configuration(container, facts())


def destinations(document: dict[str, Any]) -> list[str]:
    return [mount["destination"] for mount in document["mounts"]]


def test_the_program_is_as_was_asked_for() -> None:
    config = Config(User="me:staff", WorkingDir="/work", Tty=True)
    process = made(config, {"path": "/bin/sh", "args": ["-c", "x"]})["process"]
    assert process["args"] == ["/bin/sh", "-c", "x"]
    assert (process["cwd"], process["terminal"], process["user"]["username"]) == ("/work", True, "me:staff")


def test_side_channels_and_the_kernels_switches_are_covered() -> None:
    linux = made()["linux"]
    assert set(MASKED) <= set(linux["maskedPaths"])
    assert linux["readonlyPaths"] == list(READONLY)


def test_thermal_files_are_masked_too() -> None:
    linux = configuration(row(), facts(thermal=["/sys/x"]))["linux"]
    assert "/sys/x" in linux["maskedPaths"]


def test_nothing_is_covered_in_a_privileged_container() -> None:
    linux = made(Privileged=True)["linux"]
    assert (linux["maskedPaths"], linux["readonlyPaths"]) == ([], [])
    assert linux["resources"]["devices"] == [{"allow": True, "access": "rwm"}]


def test_own_lists_take_the_place_of_the_usual_ones() -> None:
    linux = made(MaskedPaths=[], ReadonlyPaths=["/proc/x"])["linux"]
    assert (linux["maskedPaths"], linux["readonlyPaths"]) == ([], ["/proc/x"])


def test_the_host_name_is_the_hosts_where_its_namespace_is() -> None:
    assert made()["hostname"] == "box"
    assert "hostname" not in made(UTSMode="host")


@pytest.mark.parametrize(("mapped", "last"), [(True, 65535), (False, 2147483647)])
def test_the_groups_that_may_ping_are_those_there_are(mapped: bool, last: int) -> None:
    sysctl = made(fields={"mapped": mapped})["linux"]["sysctl"]
    assert sysctl["net.ipv4.ping_group_range"] == f"0 {last}"
    assert sysctl["net.ipv4.ip_unprivileged_port_start"] == "0"


def test_a_network_of_others_is_not_set_up() -> None:
    document = configuration(row(host=HostConfig(Sysctls={"kernel.msgmax": "1"})), facts(own_network=False))
    assert document["linux"]["sysctl"] == {"kernel.msgmax": "1"}


def test_limits_of_the_process_are_by_the_kernels_names() -> None:
    process = made(Ulimits=[Ulimit(Name="nofile", Soft=1, Hard=2)])["process"]
    assert process["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}]


# Mounts


def test_files_of_etc_are_bound_with_the_containers_ids() -> None:
    mounts = {mount["destination"]: mount for mount in made()["mounts"]}
    assert mounts["/etc/hosts"]["source"] == "/c/hosts"
    assert "idmap" in mounts["/etc/hosts"]["options"]
    plain = {mount["destination"]: mount for mount in made(fields={"mapped": False})["mounts"]}
    assert "idmap" not in plain["/etc/hosts"]["options"]


def test_what_is_asked_for_takes_the_place_of_the_usual() -> None:
    points = [
        MountPoint(kind="bind", destination="/etc/hosts", source="/mine", options=["rbind", "ro"]),
        MountPoint(kind="tmpfs", destination="/dev/shm", options=["size=1"]),
    ]
    document = made(fields={"mounts": points})
    assert len(set(destinations(document))) == len(destinations(document))
    mounts = {mount["destination"]: mount for mount in document["mounts"]}
    assert mounts["/etc/hosts"]["source"] == "/mine"
    assert mounts["/dev/shm"]["options"] == ["size=1"]


@given(
    st.lists(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), unique=True
    )
)
def test_what_lies_below_is_mounted_after_what_lies_above(places: list[str]) -> None:
    points = [MountPoint(kind="bind", destination=place, source="/x", options=["rbind"]) for place in places]
    order = destinations(made(fields={"mounts": points}))
    for below in places:
        for above in places:
            if below.startswith(f"{above}/"):
                assert order.index(above) < order.index(below)


@pytest.mark.parametrize(("shm", "kind"), [("", "tmpfs"), ("/c/shm", "bind"), (None, None)])
def test_shared_memory_is_its_own_another_s_or_none(shm: str | None, kind: str | None) -> None:
    mounts = {mount["destination"]: mount for mount in configuration(row(), facts(shm=shm))["mounts"]}
    assert mounts.get("/dev/shm", {}).get("type") == kind


@pytest.mark.parametrize(
    ("propagation", "root"), [("rprivate", None), ("rslave", "rslave"), ("shared", "rshared"), ("rshared", "rshared")]
)
def test_the_root_lets_through_what_a_mount_asks_for(propagation: str, root: str | None) -> None:
    point = MountPoint(kind="bind", destination="/x", source="/x", propagation=propagation, options=[propagation])
    assert made(fields={"mounts": [point]})["linux"].get("rootfsPropagation") == root


# Environment and options


def test_the_environment_has_a_path_a_host_name_and_with_a_terminal_its_kind() -> None:
    assert environment(Config(), "box") == [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=box",
    ]
    assert "TERM=xterm" in environment(Config(Tty=True), "box")


def test_later_words_win_and_a_bare_name_removes() -> None:
    found = environment(Config(Env=["A=1", "PATH=/p", "A=2", "B=1", "B", "HOSTNAME"]), "box")
    assert found == ["PATH=/p", "A=2"]


@given(st.lists(st.text("AB=x", min_size=1, max_size=4).filter(lambda item: item[0] != "="), max_size=8))
def test_no_name_is_there_twice(items: list[str]) -> None:
    names = [item.partition("=")[0] for item in environment(Config(Env=items), "box")]
    assert len(set(names)) == len(names)


def test_security_options_are_read_in_both_spellings() -> None:
    assert options(["no-new-privileges", "seccomp=unconfined", "label:disable"]) == {
        "no-new-privileges": "true",
        "seccomp": "unconfined",
        "label": "disable",
    }
    assert options(["no-new-privileges:false"]) == {}
    assert options(['seccomp={"a":"b=c"}']) == {"seccomp": '{"a":"b=c"}'}
