"""How the steps of a build run: beside each other, with whose rights, and what is left when they do not end well."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.kernel import census
from tests.kernel.builds import Failed, cached, content, files_of_layer, layers, made, output, remains, said, under_way
from tests.kernel.rig import Rig, wait_until

BOTH = """
FROM busybox:test AS one
RUN --mount=type=cache,id={id},target=/c touch /c/1; for i in $(seq 600); do [ -e /c/2 ] && exit; sleep .1; done; exit 9
FROM busybox:test AS two
RUN --mount=type=cache,id={id},target=/c touch /c/2; for i in $(seq 600); do [ -e /c/1 ] && exit; sleep .1; done; exit 9
FROM busybox:test
COPY --from=one /bin/sh /one
COPY --from=two /bin/sh /two
"""


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


@pytest.fixture
def nothing_left(builder: Rig) -> Iterator[None]:
    """After the test there is nothing of a step any more."""
    yield
    wait_until(lambda: not remains(builder))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="as many steps at a time as there are processors")
def test_stages_that_need_nothing_of_each_other_run_at_once(builder: Rig, token: str) -> None:
    """Each waits for the other."""
    assert not any(cached(made(builder, BOTH.format(id=token))))


def test_stages_that_nobody_needs_are_not_built(builder: Rig, token: str) -> None:
    text = f"FROM no-such-image AS a\nFROM busybox:test AS b\nRUN false\nFROM busybox:test\nRUN echo {token}\n"
    built = made(builder, text)
    names = [event["name"] for event in built["events"] if event.get("event") == "Planned" and event["name"]]
    assert names == [f"[1/2] {names[0][6:]}", f"[2/2] RUN echo {token}"]


def test_a_failed_step_ends_the_others(builder: Rig, token: str, nothing_left: None) -> None:
    text = (
        f"FROM busybox:test AS slow\nRUN --mount=type=cache,id={token},target=/c touch /c/up; sleep 1000\n"
        f"FROM busybox:test AS bad\nRUN --mount=type=cache,id={token},target=/c "
        "while ! [ -e /c/up ]; do sleep .05; done; echo this is why; exit 42\n"
        "FROM scratch\nCOPY --from=slow / /\nCOPY --from=bad / /\n"
    )
    with pytest.raises(Failed, match="did not complete successfully: exit code: 42") as failure:
        made(builder, text)
    assert "this is why" in said(failure.value.events)
    assert "exit 42" in failure.value.excerpt


def test_a_client_that_goes_ends_its_build(builder: Rig, token: str, nothing_left: None) -> None:
    with under_way(builder, f"FROM busybox:test\nRUN echo up {token}; sleep 1000 & sleep 1001\n", "up"):
        wait_until(lambda: any("sleep 1001" in command for _, command in census.processes(builder.names)))


def test_one_of_two_clients_of_a_step_goes(builder: Rig, token: str, nothing_left: None) -> None:
    """The other build goes on: it runs the step itself."""
    text = f"FROM busybox:test\nRUN --mount=type=cache,id={token},target=/c echo up; [ -e /c/go ] || sleep 1000\n"
    with under_way(builder, text, "up"):
        go = f"FROM busybox:test\nRUN --mount=type=cache,id={token},target=/c touch /c/go\n"
        made(builder, go)
    assert cached(made(builder, text)) == [False, False]


def test_what_a_step_leaves_running_is_ended(builder: Rig, token: str, nothing_left: None) -> None:
    built = made(builder, f"FROM busybox:test\nRUN echo {token} > /file; sleep 1000 & true\n")
    assert content(builder, built, "/file") == f"{token}\n"


def test_all_of_a_long_output_arrives(builder: Rig, token: str) -> None:
    built = made(builder, f"FROM busybox:test\nRUN seq 300000; echo {token} >&2\n")
    assert output(built).replace(f"{token}\n", "") == "".join(f"{number}\n" for number in range(1, 300001))


def test_a_step_is_no_more_than_a_container(builder: Rig, token: str) -> None:
    """A user namespace of its own, the usual capabilities, filter and masks; a name and hosts that stay outside."""
    look = (
        "cat /proc/self/uid_map; grep -E '^(CapEff|Seccomp|NoNewPrivs):' /proc/self/status; id -u; "
        "mount -t tmpfs none /mnt 2>&1; cat /proc/kcore 2>&1 | head -c 1; hostname; ls /proc/self/fd | wc -l"
    )
    text = output(made(builder, f"FROM busybox:test\nRUN : {token}; {look}\n"))
    assert text.split()[:2] != ["0", "0"]
    assert "CapEff:\t00000000a80425fb" in text
    assert "Seccomp:\t2" in text
    assert "denied" in text or "not permitted" in text
    assert "buildkitsandbox" in text


def test_what_the_runtime_put_there_is_not_in_the_layer(builder: Rig, token: str) -> None:
    mounts = "--mount=type=tmpfs,target=/t/m --mount=type=cache,target=/c/m --mount=type=bind,target=/bound/m"
    context = Path(__file__).parent / "probes"
    built = made(
        builder, f"FROM scratch\nCOPY --from=busybox:test /bin /bin\nRUN {mounts} echo {token} > /new\n", context
    )
    below = layers(builder, built["id"])
    assert files_of_layer(builder, below[-1], below[:-1]) == ["new"]


@pytest.mark.parametrize(
    ("flag", "request_"),
    [("--network=none ", {}), ("", {"network": "none"})],
    ids=["flag", "option"],
)
def test_no_network(builder: Rig, token: str, flag: str, request_: dict[str, Any]) -> None:
    text = output(made(builder, f"FROM busybox:test\nRUN {flag}ls /sys/class/net; echo {token}\n", **request_))
    assert text.split() == ["lo", token]


def test_the_usual_network(builder: Rig, token: str) -> None:
    text = output(made(builder, f"FROM busybox:test\nRUN ls /sys/class/net; echo {token}\n"))
    assert text.split()[:2] == ["eth0", "lo"]


def test_the_hosts_network_only_when_it_is_allowed(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN --network=host ls /sys/class/net; echo {token}\n"
    with pytest.raises(Failed, match=r"network\.host is not allowed"):
        made(builder, text)
    links = output(made(builder, text, allow=["network.host"])).split()
    assert builder.names.bridge in links
    text = text.replace("--network=host ", "").replace("echo", "true")
    links = output(made(builder, text, network="host")).split()
    assert builder.names.bridge in links


def test_more_rights_only_when_they_are_allowed(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN --security=insecure grep CapEff /proc/self/status; : {token}\n"
    with pytest.raises(Failed, match=r"security\.insecure is not allowed"):
        made(builder, text)
    with pytest.raises(Failed, match=r"security\.insecure is not allowed"):
        made(builder, text, allow=["network.host"])
    rights = int(output(made(builder, text, allow=["security.insecure"])).split()[1], 16)
    assert rights > 0xA80425FB


def test_memory_is_limited(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN dd if=/dev/zero of=/dev/null bs=SIZE count=1; echo {token}\n"
    limits = {"memory_bytes": 32 << 20, "memory_swap_bytes": 32 << 20}
    assert token in output(made(builder, text.replace("SIZE", "1M"), limits=limits))
    with pytest.raises(Failed, match="exit code: 137: out of memory"):
        made(
            builder,
            f"FROM busybox:test\nRUN exec dd if=/dev/zero of=/dev/null bs=64M count=1; : {token}\n",
            limits=limits,
        )


def test_other_limits(builder: Rig, token: str) -> None:
    limits = {"shm_bytes": 8 << 20, "ulimits": [["nofile", 123, 456]], "cpuset_cpus": "0"}
    text = f"FROM busybox:test\nRUN ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1; nproc; : {token}\n"
    found = output(made(builder, text, limits=limits)).split()
    assert found[:2] == ["123", "456"]
    assert "8192" in found
    assert found[-1] == "1"


def test_hosts_of_the_request(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN cat /etc/hosts; : {token}\n"
    built = made(builder, text, extra_hosts=["db:10.1.2.3"])
    assert "10.1.2.3\tdb" in output(built)
    assert content(builder, built, "/etc/hosts") is None


def test_triggers_of_a_base_image(builder: Rig, token: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(f"{token}\n")
    base = "FROM busybox:test\nONBUILD COPY file /\nONBUILD ARG WORD\nONBUILD RUN echo $WORD > /word\n"
    made(builder, base, tmp_path, tags=[f"onbuild-{token}:1"])
    text = f"FROM onbuild-{token}:1\nRUN cat /file /word\n"
    built = made(builder, text, tmp_path, build_args={"WORD": "said"}, tags=[f"child-{token}:1"])
    assert output(built) == f"{token}\nsaid\n"
    assert not builder.docker.api.inspect_image(built["id"])["Config"].get("OnBuild")
    (tmp_path / "file").unlink()
    assert output(made(builder, f"FROM child-{token}:1\nRUN cat /word\n", tmp_path)) == "said\n"


def test_many_builds_at_once(builder: Rig, token: str, nothing_left: None) -> None:
    def one(number: int) -> str:
        return output(made(builder, f"FROM busybox:test\nRUN echo {token} {number}\n"))

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(one, range(12))) == [f"{token} {number}\n" for number in range(12)]
