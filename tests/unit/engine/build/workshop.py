"""A builder on an imagined machine: layers are whole trees, steps a few words of a language of their own.

Everything else is real: rows, blobs, images, the reading and copying of files. Needs no root.
"""

import asyncio
import gzip
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from wherry.engine.build.around import Engine
from wherry.engine.build.base import LocalImages
from wherry.engine.build.builds import Builds, Built
from wherry.engine.build.cache import BuildCache
from wherry.engine.build.layers import Layers, Target
from wherry.engine.build.model import Event, Options, Source
from wherry.engine.build.running import Command, Outcome, OutputTo
from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.images import Images
from wherry.engine.images.threads import in_thread
from wherry.engine.instance import Instance
from wherry.engine.snapshots.model import CommitOptions, Committed, ExtractResult, Guise, Sink
from wherry.engine.trash import Trash
from wherry.engine.volumes import Volumes
from wherry.kit.errors import NotFound
from wherry.oci.chain import chain_id
from wherry.oci.reference import Reference

Entry = tuple[int, str]
NOW = 1_700_000_000


def listing(tree: Path) -> dict[str, Entry]:
    """Mode and content (or target) of everything below a directory, by path."""
    found: dict[str, Entry] = {}
    for path in sorted(tree.rglob("*")):
        content = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(tree))] = (path.lstat().st_mode, content)
    return found


class TreeSnapshots:
    """Each snapshot is the whole tree; a layer's tar is the JSON of what it changes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seeing: dict[Path, Sequence[str]] = {}
        root.mkdir()

    def has(self, chain_id: str) -> bool:
        return self.path(chain_id).is_dir()

    def path(self, chain_id: str) -> Path:
        return self._root / chain_id.replace(":", "-")

    def layers(self, chain_ids: list[str]) -> list[Path]:
        return [self.path(chain_ids[-1])] if chain_ids else []

    def remove(self, chain_id: str) -> None:
        shutil.rmtree(self.path(chain_id), ignore_errors=True)

    def list(self) -> list[str]:
        return [path.name.replace("-", ":") for path in self._root.iterdir()]

    def usage(self, chain_id: str) -> int:
        return sum(len(content) for _, content in listing(self.path(chain_id)).values())

    def sync(self) -> None:
        pass

    def prepare(self, directory: Path, owner: int) -> tuple[Path, Path]:
        for name in ("upper", "work"):
            (directory / name).mkdir()
        return directory / "upper", directory / "work"

    @contextmanager
    def view(
        self,
        chain_ids: "Sequence[str]",
        upper: Path | None = None,
        work: Path | None = None,
        guise: Guise | None = None,
        volatile: bool = False,
    ) -> Iterator[int]:
        with tempfile.TemporaryDirectory() as empty:
            place = Path(empty)
            if chain_ids:
                place = self.path(chain_ids[-1])
            if upper is not None:
                self._seeing[upper] = [*chain_ids]
                shutil.copytree(place, upper, symlinks=True, dirs_exist_ok=True)
                place = upper
            fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield fd
            finally:
                os.close(fd)

    def commit(self, upper: Path, parent: str | None, sink: Sink, options: CommitOptions) -> Committed:
        if parent is not None and self._seeing.get(upper) == []:  # written without a look at what is below
            with tempfile.TemporaryDirectory() as own:
                shutil.copytree(upper, own, symlinks=True, dirs_exist_ok=True)
                shutil.copytree(self.path(parent), upper, symlinks=True, dirs_exist_ok=True)
                shutil.copytree(own, upper, symlinks=True, dirs_exist_ok=True)
        before = listing(self.path(parent)) if parent else {}
        after = listing(upper)
        changes: dict[str, Entry | None] = {path: one for path, one in after.items() if before.get(path) != one}
        changes |= dict.fromkeys(before.keys() - after.keys())
        data = json.dumps([changes, options.epoch_seconds], sort_keys=True).encode()
        sink.write(data)
        diff_id = f"sha256:{hashlib.sha256(data).hexdigest()}"
        name = chain_id(parent, diff_id)
        if not self.has(name):
            shutil.move(upper, self.path(name))
        size = sum(len(one[1]) for one in changes.values() if one)
        return Committed(diff_id, size, len(changes), name)

    def extract(self, name: str, parent: str | None, stream: BinaryIO, options: Any = None) -> ExtractResult:
        data = gzip.decompress(stream.read())
        tree = self.path(name)
        tree.mkdir()
        if parent is not None:
            shutil.copytree(self.path(parent), tree, symlinks=True, dirs_exist_ok=True)
        changes: dict[str, list[Any] | None] = json.loads(data)[0]
        for path, change in sorted(changes.items()):
            if change is None:
                (tree / path).unlink()
            elif stat.S_ISDIR(change[0]):
                (tree / path).mkdir(exist_ok=True)
            else:
                (tree / path).write_text(change[1])
        return ExtractResult(f"sha256:{hashlib.sha256(data).hexdigest()}", 0, len(changes))


class WordRunner:
    """Runs ``put PATH TEXT``, ``rm PATH``, ``say TEXT``, ``show PATH``, ``env NAME``, ``wait``, ``exit N``, one after
    another between semicolons. ``wait`` is until ``go``; ``ran`` has what was run; ``most`` how many at once."""

    def __init__(self, snapshots: TreeSnapshots, layers: Layers, engine: "list[Engine]") -> None:
        self._snapshots = snapshots
        self._layers = layers
        self._engine = engine
        self.go = asyncio.Event()
        self.ran: list[Command] = []
        self.running = self.most = 0

    async def run(self, command: Command, target: Target, output: OutputTo) -> Outcome:
        self.ran.append(command)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            with self._engine[0].scratch() as directory:
                upper, work = self._snapshots.prepare(directory, 0)
                with self._snapshots.view(target.chain_ids, upper, work):
                    code = await self._play(command, upper, output)
                if code:
                    return Outcome(None, code)
                return Outcome(await in_thread(self._layers.make, upper, target, target.options()))
        finally:
            self.running -= 1

    async def _play(self, command: Command, root: Path, output: OutputTo) -> int:
        environment = dict(entry.partition("=")[::2] for entry in command.environment)
        for line in command.arguments[-1].split(";"):
            verb, _, rest = line.strip().partition(" ")
            path, _, text = rest.partition(" ")
            match verb:
                case "put":
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text)
                case "rm":
                    (root / path).unlink()
                case "say":
                    output(1, f"{rest}\n".encode())
                case "show":
                    output(1, (root / path).read_bytes())
                case "env":
                    output(1, f"{rest}={environment.get(rest)}\n".encode())
                case "wait":
                    await self.go.wait()
                case "exit":
                    return int(rest)
        return 0


class Workshop:
    """``builds`` under test, with all its parts. ``told`` is what the last build told."""

    def __init__(self, root: Path) -> None:
        instance = Instance.at(root)
        instance.tmp.mkdir()
        instance.volumes.mkdir()
        self.time = NOW
        self.database = Database(root / "engine.sqlite")
        self.content = ContentStore(root / "content")
        self.snapshots = TreeSnapshots(root / "snapshots")
        snapshots: Any = self.snapshots
        self.images = Images(self.database, self.content, snapshots, self, instance.tmp, self._now)
        self.cache = BuildCache(self.database, self._now, lambda: "boot")
        self.images.add_owner(self.cache)
        layers = Layers(snapshots, self.content)
        made: list[Engine] = []
        self.runner = WordRunner(self.snapshots, layers, made)
        runner: Any = self.runner
        exchange: Any = None
        self.engine = Engine(
            base=LocalImages(self.images, self._fetch),
            exchange=exchange,
            content=self.content,
            snapshots=snapshots,
            layers=layers,
            runner=runner,
            cache=self.cache,
            volumes=Volumes(instance, self.database, self),
            tmp=instance.tmp,
            trash=Trash(instance.tmp),
            now=self._now,
        )
        made.append(self.engine)
        self.builds = Builds(self.engine, self.images, 1 << 40)
        self.told: list[Event] = []

    def _now(self) -> int:
        self.time += 1
        return self.time * 1_000_000_000

    def publish(self, kind: str, action: str, actor: str, attributes: object = None) -> None:
        """Nobody is told."""

    async def _fetch(self, reference: Reference, *_: object) -> Any:
        raise NotFound(f"pull access denied for {reference.familiar()}")

    async def build(self, text: str, context: Path | None = None, **options: Any) -> Built:
        """Build a Dockerfile; ``tags`` and ``ignore`` besides the fields of Options."""
        tags = [Reference.parse(tag).tagged() for tag in options.pop("tags", ())]
        source = Source(text, context, ignore=options.pop("ignore", ""))
        told: list[Event] = []
        self.told = told
        return await self.builds.build(source, Options(**options), tags, told.append)

    def files(self, built: Built) -> dict[str, str]:
        """Content by path of the regular files of what was built."""
        tree = self.snapshots.path(built.image.chain_ids[-1])
        return {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}

    def all_of(self, kind: type[Any]) -> list[Any]:
        """Events of a kind."""
        return [event for event in self.told if isinstance(event, kind)]


async def until(predicate: Any, seconds: float = 60.0) -> None:
    """Wait for a level."""
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.005)
