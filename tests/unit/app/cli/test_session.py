"""A user connected to a container from its start to its end."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from tests.unit.app.cli.conftest import Daemon
from wherry.app.cli.session import follow, quietly
from wherry.app.client import Client
from wherry.engine.runtime.fake import Life


def test_what_does_not_matter_is_not_told(daemon: Daemon) -> None:
    client = Client(str(daemon.socket))
    quietly(client, "/containers/absent/resize", {"h": 1, "w": 1})
    quietly(client, "/containers/absent/kill", {"signal": "INT"})


def followed(daemon: Daemon, container: str, **options: bool) -> int:
    """The status of a session with a container that is started in it."""
    client = Client(str(daemon.socket))
    query = {"stream": True, "stdout": True, "stderr": True}
    attachment = client.hijack(f"/containers/{container}/attach", query)
    waiting = client.request("POST", f"/containers/{container}/wait", {"condition": "next-exit"})
    client.post(f"/containers/{container}/start")
    usual = {"tty": False, "stdin": False, "sig_proxy": False} | options
    return follow(client, container, attachment, waiting, keys=b"", **usual)


def test_it_ends_with_the_containers_status_and_all_its_output(
    daemon: Daemon, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [("stdout", b"out\n"), ("stderr", b"err\n")]
    daemon.machine.tasks.program = lambda _: Life(lines, code=9)
    assert followed(daemon, daemon.create("x")) == 9
    assert tuple(capfd.readouterr()) == ("out\n", "err\n")


def signalled(number: int, when: Callable[[], bool]) -> threading.Thread:
    """Sends it to this process once it is time to."""

    def send() -> None:
        for _ in range(2000):
            if when():
                os.kill(os.getpid(), number)
                return
            threading.Event().wait(0.002)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_signals_are_passed_on(daemon: Daemon) -> None:
    container = daemon.create()
    before = signal.getsignal(signal.SIGTERM)

    def is_followed() -> bool:
        return daemon.status(container) == "running" and signal.getsignal(signal.SIGTERM) is not before

    thread = signalled(signal.SIGTERM, is_followed)
    assert followed(daemon, container, sig_proxy=True) == 143
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
