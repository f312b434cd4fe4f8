"""A registry alone: ``python -m wherry.app.lone_registry ROOT OPTIONS``, where OPTIONS is the JSON of
:class:`wherry.registryapi.options.Options`. Started by ``wherry registry serve``.

On disk::

    root/                  0700
      registry.lock        held (flock) by the process; its pid
      registry.sqlite      see wherry.engine.registry.rows
      registry.sock        see wherry.registryapi.control
      content/             see wherry.engine.content

SIGTERM and SIGINT end it: running requests get a moment, uploads can go on later. SIGHUP reads the certificate again.
"""

import asyncio
import fcntl
import gc
import logging
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import msgspec

from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.registry.keeper import Alone
from wherry.engine.registry.model import Collected
from wherry.engine.registry.owner import RegistryOwner
from wherry.engine.registry.registry import Registry
from wherry.engine.registry.rows import RegistryRows
from wherry.kit.errors import Conflict, Invalid, WherryError
from wherry.linux.processes import give_back_memory
from wherry.registryapi.options import SOCKET, Options

DEFAULT_ROOT = Path("/var/lib/wherry-registry")
LOCK = "registry.lock"


def command(root: Path, options: Options) -> list[str]:
    """The command line of a process that serves ``root``."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}
    return [sys.executable, "-m", "wherry.app.lone_registry", str(root), msgspec.json.encode(given).decode()]


def options_in(text: str) -> Options:
    """What :func:`command` wrote."""
    return msgspec.json.decode(text, type=Options, dec_hook=lambda kind, value: kind(value))


def hold(root: Path) -> int:
    """Make ``root`` and claim it; the descriptor holds it until it is closed. Raises Conflict, Invalid."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Invalid(f"cannot use {root}: {error.strerror}; choose another directory with --root") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
        os.close(descriptor)
        raise Conflict(
            f"another registry (pid {holder}) holds {root}: stop it, or choose another directory with --root"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


class Storage:
    """What lies below a root that is held."""

    def __init__(self, root: Path) -> None:
        self._database = Database(root / "registry.sqlite")
        rows, content = RegistryRows(self._database), ContentStore(root / "content")
        keeper = Alone(RegistryOwner(rows.database), content)
        keeper.recover()
        self.registry = Registry(rows, content, keeper)

    def close(self) -> None:
        self._database.close()


def collect(root: Path, grace_seconds: int, untagged: bool) -> Collected:
    """Collect the garbage of a registry that nobody serves. Raises Conflict."""
    held = hold(root)
    storage = Storage(root)
    try:
        return asyncio.run(storage.registry.collector.collect(grace_seconds, untagged))
    finally:
        storage.close()
        os.close(held)


def main() -> int:
    """Serve until told to stop; the process's exit status."""
    root = Path(sys.argv[1])
    options = options_in(sys.argv[2])
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    import uvloop

    try:
        held = hold(root)
        uvloop.run(_serve(root, options))
        os.close(held)
    except WherryError as error:
        print(f"wherry: {error.message}", file=sys.stderr)
        return 1
    return 0


async def _serve(root: Path, options: Options) -> None:
    from wherry.http import certificates

    with certificates.deferred():  # it verifies nobody's certificate
        from wherry.registryapi.server import serve_registry
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    storage = Storage(root)
    try:
        server = await serve_registry(storage.registry, options, root / SOCKET)
        loop.add_signal_handler(signal.SIGHUP, server.reload)
        gc.collect()
        gc.freeze()  # what is there now stays
        give_back_memory()
        print(f"Wherry's registry answers at {server.address} (in {root}).", flush=True)
        await stopped.wait()
        await server.stop()
    finally:
        storage.close()


if __name__ == "__main__":
    sys.exit(main())
