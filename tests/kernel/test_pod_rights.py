"""As whom containers of pods run, and with what rights: on the real kernel."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kernel.podbench import PodBench
from wherry.kit.errors import Invalid
from wherry.linux import capabilities
from wherry.node.pods.runtime import Sandbox

STATUS = ("grep", "-E", "^(Cap|NoNewPrivs|Seccomp):?", "/proc/self/status")


@pytest.fixture
async def bench() -> AsyncIterator[PodBench]:
    bench = await PodBench().up()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
async def pod(bench: PodBench) -> Sandbox:
    return await bench.sandbox()


async def status(bench: PodBench, pod: Sandbox, **fields: object) -> dict[str, str]:
    text = await bench.output(pod, *STATUS, **fields)
    return dict(line.split(":\t") for line in text.splitlines() if ":\t" in line)


async def test_users_and_groups_are_as_asked_for(bench: PodBench, pod: Sandbox) -> None:
    assert "uid=0(root) gid=0(root)" in await bench.output(pod, "id")
    assert "uid=1000(bob) gid=1000(bob)" in await bench.output(pod, "id", security_run_as_user=1000)
    text = await bench.output(
        pod, "id", security_run_as_user=7, security_run_as_group=8, security_supplemental_groups=(9, 2000)
    )
    assert text == "uid=7 gid=8 groups=8,9,2000\n"


async def test_the_images_user_counts_where_none_is_asked_for(bench: PodBench, pod: Sandbox) -> None:
    image = await bench.image_with("USER 12:34")
    assert "uid=12 gid=34" in await bench.output(pod, "id", image=image)
    assert "uid=12 gid=5(tty)" in await bench.output(pod, "id", image=image, security_run_as_group=5)
    assert "uid=3 gid=0" in await bench.output(pod, "id", image=image, security_run_as_user=3)


@pytest.mark.parametrize("user", ["", "0", "root", "bob", "00", "0x0", "4294967296", "65536:65536", "+1", "1:"])
async def test_k9_nobody_is_root_who_must_not_be(bench: PodBench, pod: Sandbox, user: str) -> None:
    """Whatever the image says: refused each time it is tried (CVE-2019-11245, CVE-2026-46680)."""
    try:
        image = await bench.image_with(f"USER {user}") if user else bench.image
    except Invalid:
        return  # not even an image
    for attempt in range(3):
        with pytest.raises(Invalid):
            await bench.container(pod, "id", image=image, attempt=attempt, security_run_as_non_root=True)
    assert not [one for one in bench.pods.containers() if one.started_ns]


async def test_k9_an_explicit_root_is_refused_and_a_number_is_not(bench: PodBench, pod: Sandbox) -> None:
    with pytest.raises(Invalid, match="runAsUser breaks non-root policy"):
        await bench.container(pod, "id", security_run_as_user=0, security_run_as_non_root=True)
    image = await bench.image_with("USER 1000")
    assert "uid=1000" in await bench.output(pod, "id", image=image, security_run_as_non_root=True)


async def test_capabilities_are_the_default_ones_and_what_is_changed(bench: PodBench, pod: Sandbox) -> None:
    default = capabilities.mask_of(capabilities.DEFAULT)
    found = await status(bench, pod)
    assert int(found["CapEff"], 16) == int(found["CapBnd"], 16) == default
    assert int(found["CapInh"], 16) == int(found["CapAmb"], 16) == 0
    one = await status(bench, pod, security_drop_capabilities=("ALL",), security_add_capabilities=("NET_BIND_SERVICE",))
    assert int(one["CapBnd"], 16) == capabilities.mask_of(["CAP_NET_BIND_SERVICE"])
    with pytest.raises(Invalid, match="unknown capability"):
        await bench.container(pod, "id", security_add_capabilities=("FLY",))


async def test_privileges_cannot_be_gained_when_they_must_not(bench: PodBench, pod: Sandbox) -> None:
    assert (await status(bench, pod))["NoNewPrivs"] == "0"
    assert (await status(bench, pod, security_no_new_privileges=True))["NoNewPrivs"] == "1"


async def test_system_calls_are_filtered_by_the_profile_that_is_asked_for(
    bench: PodBench, pod: Sandbox, tmp_path: Path
) -> None:
    assert (await status(bench, pod))["Seccomp"] == "2"
    assert (await status(bench, pod, security_seccomp="Unconfined"))["Seccomp"] == "0"
    profile = tmp_path / "profile.json"
    rules = [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99}]
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}))
    text = await bench.output(pod, "sh", "-c", "mkdir /x 2>&1", security_seccomp=f"Localhost:{profile}")
    assert "Cannot assign requested address" in text


@pytest.mark.parametrize("content", [None, "", " ", "{", "[]"])
async def test_k20_a_profile_that_is_none_is_refused(
    bench: PodBench, pod: Sandbox, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "profile.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Invalid):
        await bench.container(pod, "id", security_seccomp=f"Localhost:{path}")
    for name in ("Localhost:", "Localhost:relative.json", "Localhost"):
        with pytest.raises(Invalid):
            await bench.container(pod, "id", security_seccomp=name)
    assert not bench.pods.containers()


async def test_a_root_that_is_read_only_is(bench: PodBench, pod: Sandbox) -> None:
    text = await bench.output(pod, "sh", "-c", "touch /x 2>&1; touch /dev/shm/y", security_read_only_root=True)
    assert text == "touch: /x: Read-only file system\n"


async def test_proc_is_masked_unless_it_is_not_to_be(bench: PodBench, pod: Sandbox) -> None:
    script = "grep -c ' /proc/' /proc/self/mountinfo"
    assert int(await bench.output(pod, "sh", "-c", script)) > 5
    assert await bench.output(pod, "sh", "-c", script + "; true", security_unmasked_proc=True) == "0\n"


async def test_privileged_in_the_hosts_user_namespace_is_nearly_the_host(bench: PodBench) -> None:
    pod = await bench.sandbox("u2", user_namespace=False)
    found = await status(bench, pod, security_privileged=True)
    assert capabilities.names(int(found["CapEff"], 16)) == capabilities.bounding()
    assert found["Seccomp"] == "0"
    text = await bench.output(pod, "sh", "-c", "ls /dev; touch /proc/sys/x 2>&1", security_privileged=True)
    assert "loop-control" in text or "kmsg" in text


async def test_privileged_in_a_user_namespace_of_its_own_owns_nothing_of_the_host(
    bench: PodBench, pod: Sandbox
) -> None:
    found = await status(bench, pod, security_privileged=True)
    assert capabilities.names(int(found["CapEff"], 16)) == capabilities.bounding()
    script = (
        "mount -t tmpfs none /mnt 2>&1 || mkdir /mnt && mount -t tmpfs none /mnt && echo mounted; cat /dev/kmsg 2>&1"
    )
    text = await bench.output(pod, "sh", "-c", script, security_privileged=True)
    assert "mounted" in text, "in its own mounts it may"
    assert "ermi" in text, "Permission denied, or Operation not permitted"


async def test_a_score_for_the_oom_killer_lower_than_ours_is_ours(bench: PodBench, pod: Sandbox) -> None:
    from wherry.node.pods.runtime import Limits
    from wherry.node.runtime.machine import least_oom_score_adj

    text = await bench.output(pod, "cat", "/proc/self/oom_score_adj", limits=Limits(oom_score_adj=-997))
    assert int(text) == max(-997, least_oom_score_adj())


async def test_what_an_image_says_of_itself_is_not_what_the_agent_says(bench: PodBench, pod: Sandbox) -> None:
    """CVE-2026-53488 and its family: labels of images are no labels of pods."""
    names = ("io.kubernetes.pod.uid", "io.kubernetes.sandbox.id", "io.kubernetes.container.name", "wherry.dev/role")
    image = await bench.image_with(*(f"LABEL {name}=evil" for name in names))
    container = await bench.container(pod, "sleep", "1000", image=image)
    assert bench.state(container).labels == {} and bench.state(container).annotations == {}
    shown = bench.engine.containers.inspect(container)["Config"]["Labels"]
    assert shown["io.kubernetes.pod.uid"] == "u1" and shown["io.kubernetes.sandbox.id"] == pod.id
