"""What the shim's parts share: exit codes, attaching a client."""

import os
import socket
from typing import Any

from wherry.engine.runtime import wire
from wherry.engine.runtime.failure import Failure
from wherry.engine.runtime.stdio import Stdio


def attach(stdio: Stdio, wants: dict[str, Any], received: wire.Received, name: str = "attach") -> None:
    """Attach the client whose socket came with a message."""
    fd = received.take(name)
    if fd is None:
        raise Failure("attach", "attach without a descriptor")
    streams = {key: bool(wants[key]) for key in ("stdin", "stdout", "stderr")}
    keys, early = bytes.fromhex(wants["detach_keys"]), bytes.fromhex(wants["early"])
    stdio.attach(socket.socket(fileno=fd), streams, keys, early, wants.get("framed"))


def exit_code(status: int) -> int:
    """128 + signal, as shells say it, when a signal ended the process."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def reported(error: dict[str, Any]) -> Failure:
    """The failure that a container's process has reported."""
    return Failure(error["step"], error["message"], error["errno"], error["path"])
