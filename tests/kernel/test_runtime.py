"""The runtime alone, on the real kernel: isolation, streams, ends, and being found again."""

import asyncio
import os
import signal
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kernel.rig import wait_until
from tests.kernel.runtimes import IDS, Bench, attachment, read_all
from wherry.app.lock import alive
from wherry.engine.runtime.client import ShimRuntime
from wherry.engine.runtime.model import ExecSpec, IdRange, Isolation, Namespace, StartFailed
from wherry.engine.runtime.spawning import launch
from wherry.kit.errors import NotFound

HOST = None


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


def unframed(data: bytes) -> bytes:
    text = b""
    while data:
        _stream, length = struct.unpack(">BxxxI", data[:8])
        text += data[8 : 8 + length]
        data = data[8 + length :]
    return text


async def test_a_container_is_root_of_its_own_small_world(bench: Bench) -> None:
    ended, text = await bench.run(
        ["sh", "-c", "id -u; hostname; cat /proc/self/uid_map; echo /proc/[0-9]*; ls /proc/self/fd"]
    )
    lines = text.split("\n")
    assert ended.code == 0
    assert lines[0] == "0" and lines[1] == "box"
    assert lines[2].split() == ["0", "100000", "65536"]
    assert "/proc/1" in lines[3] and len(lines[3].split()) <= 3
    assert [line for line in lines[4:] if line] == ["0", "1", "2", "3"], "3 is ls's own"


async def test_what_it_writes_belongs_to_a_high_id_on_the_host(bench: Bench) -> None:
    await bench.run(["touch", "/file"])
    assert (bench.instance.containers / "c1/upper/file").stat().st_uid == 100_000


async def test_in_the_hosts_user_namespace_it_is_the_hosts_root(bench: Bench) -> None:
    _, text = await bench.run(["sh", "-c", "cat /proc/self/uid_map"], ids=HOST)
    assert text.split() == ["0", "0", "4294967295"]


@pytest.mark.parametrize("ids", [IdRange(100_000), HOST])
async def test_exit_codes_are_the_programs_or_128_and_the_signal(bench: Bench, ids: IdRange | None) -> None:
    assert (await bench.run(["sh", "-c", "exit 7"], ids))[0].code == 7
    task = await bench.start(["sleep", "1000"], ids)
    await task.kill(signal.SIGKILL)
    assert (await task.wait()).code == 137
    with pytest.raises(Exception, match=r"ended|gone"):
        await task.kill(signal.SIGKILL)


@pytest.mark.parametrize(
    ("arguments", "process", "message"),
    [
        (["nosuch"], {}, r'exec: "nosuch": executable file not found in \$PATH'),
        (["/nosuch"], {}, r"no such file or directory"),
        (["/etc"], {}, r"is a directory: permission denied"),
        (["/etc/passwd"], {}, r"permission denied"),
        (["id"], {"user": {"username": "eve"}}, r"unable to find user eve: no matching entries in passwd file"),
        (["id"], {"user": {"username": "70000"}}, r"the container's ids are 0 to 65535"),
        (["id"], {"cwd": "relative"}, r"needs to be an absolute path"),
        (["id"], {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 9, "hard": 8}]}, r"(?i)rlimit"),
    ],
)
async def test_a_start_that_fails_says_why_and_leaves_nothing(
    bench: Bench, arguments: list[str], process: dict[str, object], message: str
) -> None:
    with pytest.raises(StartFailed, match=message):
        await bench.start(arguments, process=process)


async def test_a_user_gets_groups_and_home(bench: Bench) -> None:
    _, text = await bench.run(
        ["sh", "-c", "id; echo $HOME; grep Cap /proc/self/status"], process={"user": {"username": "bob"}}
    )
    assert "uid=1000(bob) gid=1000(bob)" in text and "50(staff)" in text and "/home/bob" in text


async def test_a_working_directory_is_made_also_in_a_read_only_root(bench: Bench) -> None:
    spec = bench.spec(["sh", "-c", "pwd; touch /x || echo refused"], IdRange(100_000), process={"cwd": "/work/here"})
    spec.config["root"]["readonly"] = True
    sandbox = await bench.runtime.spawn(Isolation(ids=IdRange(100_000)))
    task = await sandbox.start(spec)
    await task.wait()
    assert "/work/here" in bench.log(task.id) and "refused" in bench.log(task.id)


async def test_input_of_many_megabytes_comes_back_unchanged(bench: Bench) -> None:
    data = os.urandom(1 << 20) * 20
    client, attached = attachment(stdin=True)
    await bench.start(["cat"], open_stdin=True, stdin_once=True, attachments=[attached])

    def talk() -> bytes:
        import threading

        def send() -> None:
            client.sendall(data)
            client.shutdown(1)

        thread = threading.Thread(target=send)
        thread.start()
        answer = read_all(client)
        thread.join()
        return answer

    answer = await asyncio.to_thread(talk)
    assert unframed(answer) == data
    client.close()


async def test_a_terminal_is_one_and_can_be_resized(bench: Bench) -> None:
    client, attached = attachment(stdin=True)
    script = "tty; stty size; read x; stty size"
    task = await bench.start(
        ["sh", "-c", script],
        open_stdin=True,
        attachments=[attached],
        process={"terminal": True},
        terminal_size=(30, 100),
    )
    text = ""
    while "30 100" not in text:
        text += (await asyncio.to_thread(client.recv, 100)).decode()
    await task.resize(44, 144)
    client.sendall(b"go\n")
    text += (await asyncio.to_thread(read_all, client)).decode()
    assert "/dev/pts/0" in text and "30 100" in text and "44 144" in text
    client.close()


async def test_an_exec_joins_and_has_a_code_of_its_own(bench: Bench) -> None:
    task = await bench.start(["sleep", "1000"])
    client, attached = attachment()
    process = bench.config("x", ["sh", "-c", "id -u; hostname; ls /proc/self/fd; exit 9"])["process"]
    exec_ = await task.exec(ExecSpec("e1", process, attachment=attached))
    assert (await exec_.wait()).code == 9
    text = unframed(await asyncio.to_thread(read_all, client)).decode()
    assert text.split() == ["0", "box", "0", "1", "2", "3"]
    client.close()
    with pytest.raises(StartFailed, match="executable file not found"):
        await task.exec(ExecSpec("e2", {**process, "args": ["nosuch"]}))
    with pytest.raises(NotFound):
        await exec_.kill(9)
    await task.kill(9)
    await task.wait()


async def test_an_exec_may_have_a_terminal(bench: Bench) -> None:
    task = await bench.start(["sleep", "1000"])
    client, attached = attachment(stdin=True)
    process = bench.config("x", ["sh", "-c", "tty; stty size"], terminal=True)["process"]
    exec_ = await task.exec(ExecSpec("e1", process, open_stdin=True, attachment=attached, terminal_size=(11, 22)))
    assert (await exec_.wait()).code == 0
    assert "11 22" in (await asyncio.to_thread(read_all, client)).decode()
    client.close()
    await task.kill(9)
    await task.wait()


async def test_a_shared_network_namespace_is_the_same_one(bench: Bench) -> None:
    first = await bench.start(["sleep", "1000"])
    isolation = Isolation(ids=IdRange(100_000), join_user=first.pid, join_network=first.pid)
    task = await bench.start(["ls", "-l", "/proc/self/ns/net"], isolation=isolation)
    await task.wait()
    assert os.readlink(f"/proc/{first.pid}/ns/net") in bench.log(task.id)
    await first.kill(9)
    await first.wait()


async def test_the_hosts_pid_namespace_shows_the_host_and_is_left_clean(bench: Bench) -> None:
    isolation = Isolation(ids=None, pid=Namespace.HOST)
    task = await bench.start(["sh", "-c", "echo $$; sleep 100 & exit 3"], None, isolation=isolation)
    assert (await task.wait()).code == 3
    assert int(bench.log(task.id).split()[0]) == task.pid


async def test_killing_the_daemon_and_the_spawner_stops_no_container(bench: Bench) -> None:
    task = await bench.start(["sh", "-c", "trap 'echo after' USR1; echo before; while :; do sleep 0.05; done"])
    await bench.until(task.id, "before")
    spawner = bench.runtime.spawner_pid
    assert spawner is not None
    os.kill(spawner, signal.SIGKILL)
    await bench.renew()
    found = await bench.recover(task.id)
    assert found.task is not None and found.task.pid == task.pid
    client, attached = attachment()
    await found.task.attach(attached)
    os.kill(task.pid, signal.SIGUSR1)
    heard = b""
    while len(heard) < 8 + len(b"after\n"):
        heard += await asyncio.to_thread(client.recv, 100)
    assert unframed(heard) == b"after\n"
    client.close()
    await found.task.kill(9)
    assert (await found.task.wait()).code == 137
    assert bench.log(task.id) == "before\nafter"


async def test_starts_at_one_moment_do_not_disturb_each_other(bench: Bench) -> None:
    for _ in range(5):
        sandboxes = [await bench.runtime.spawn(Isolation(ids=IDS)) for _ in range(8)]
        specs = [bench.spec(["sh", "-c", f"echo {number}"], IDS) for number in range(8)]
        tasks = await asyncio.gather(*(one.start(spec) for one, spec in zip(sandboxes, specs, strict=True)))
        assert [(await task.wait()).code for task in tasks] == [0] * 8
        assert [bench.log(task.id) for task in tasks] == [str(number) for number in range(8)]


async def test_a_spawner_that_was_launched_before_is_the_runtimes_own(bench: Bench) -> None:
    launched = launch(bench.instance)
    bench.runtime = ShimRuntime(bench.instance, launched=launched)
    task = await bench.start(["true"])
    assert (await task.wait()).code == 0
    assert bench.runtime.spawner_pid == launched.pid


async def test_a_spawner_that_nobody_asked_ends_with_the_runtime(bench: Bench) -> None:
    launched = launch(bench.instance)
    await ShimRuntime(bench.instance, launched=launched).close()
    assert not Path(f"/proc/{launched.pid}").exists()


async def test_an_end_while_no_daemon_runs_is_found_later(bench: Bench) -> None:
    task = await bench.start(
        ["sh", "-c", "trap 'echo last words; exit 42' USR1; echo before; while :; do sleep 0.05; done"]
    )
    await bench.until(task.id, "before")
    await bench.runtime.close()
    os.kill(task.pid, signal.SIGUSR1)
    await asyncio.to_thread(wait_until, lambda: not alive(task.shim_pid))
    await bench.renew()
    found = await bench.recover(task.id)
    assert found.task is None and found.exit is not None
    assert (found.exit.code, found.exit.error) == (42, "")
    assert bench.log(task.id) == "before\nlast words"


async def test_a_lost_shim_takes_its_container_with_it_and_says_so(bench: Bench) -> None:
    task = await bench.start(["sleep", "1000"])
    os.kill(task.shim_pid, signal.SIGKILL)
    ended = await task.wait()
    assert ended.code == 255 and "lost" in ended.error
    found = await bench.recover(task.id)
    assert found.exit is not None and found.exit.code == 255
    wait_until(lambda: not alive(task.pid))  # it leaves its cgroup, which is waited for, a moment before it has ended


async def test_a_sandbox_nobody_uses_goes_with_the_daemon(bench: Bench) -> None:
    sandbox = await bench.runtime.spawn(Isolation(ids=IdRange(100_000)))
    assert os.path.exists(f"/proc/{sandbox.pid}")
    await sandbox.discard()


async def test_runc_runs_the_same_configuration(bench: Bench) -> None:
    ended, text = await bench.run(["sh", "-c", "id -u; hostname; exit 4"], runtime="runc")
    assert ended.code == 4 and text.split() == ["0", "box"]
    with pytest.raises(StartFailed, match="executable file not found"):
        await bench.start(["nosuch"], runtime="runc")
