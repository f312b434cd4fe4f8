"""Measurement of the loop that people sit in: one line is changed among 20,000 files, and the image built anew."""

import itertools
import json
import os
import shutil
import time
from pathlib import Path

from benchmarks.instance import IMAGE
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage
from wherry.app.client import Client

_LIBRARY_FILES, _SOURCE_FILES, _FILE_BYTES = 19_000, 1_000, 2_000
_ROUNDS_LIMIT = 10
_SETTLE_SECONDS = 0.1
"""A file that was changed while it was looked at is read again the next time."""
_DOCKERFILE = f"""FROM {IMAGE}
COPY library /library
RUN echo library
COPY source /source
RUN echo begun
"""


def one_line(stage: Stage) -> Row:
    """Until the program after the changed copy runs: the first step that is not cached and the one behind it."""
    what = "build with one line of 20,000 files changed, until the first new step has run"
    directory = stage.directory / "editing"
    _context(directory)
    try:
        _until_begun(stage.engine.client, directory)  # reads it all
        taken = []
        for number in range(min(stage.rounds, _ROUNDS_LIMIT)):
            with (directory / "source" / "7" / "file7.py").open("a") as file:
                file.write(f"# {number}\n")
            time.sleep(_SETTLE_SECONDS)
            taken.append(_until_begun(stage.engine.client, directory))
        return Row("edit", what, "ms", Sample(tuple(taken)), goal=Goal(1000, is_ratio=False))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _context(directory: Path) -> None:
    for name, count in (("library", _LIBRARY_FILES), ("source", _SOURCE_FILES)):
        for index in range(count):
            path = directory / name / str(index % 100) / f"file{index}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {name} {index}\n".ljust(_FILE_BYTES, "x"))
    os.sync()


def _until_begun(client: Client, directory: Path) -> float:
    request = {"context": str(directory), "dockerfile": _DOCKERFILE, "tags": ["edited"]}
    body = json.dumps(request).encode() + b"\n"
    begun = time.perf_counter()
    with client.upload("/wherry/build", None, [body]) as response:
        story = response.json_stream()
        for event in itertools.takewhile(lambda event: "begun" not in str(event.get("data")), story):
            if "error" in event:
                raise ChildProcessError(f"the build failed: {event['error']['message']}")
        took = time.perf_counter() - begun
        for _ in story:
            pass
    return took * 1000
