"""The builder of an engine, put together when it is asked for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.unit.engine.build.workshop import Workshop
from wherry.app.builder import Builder
from wherry.engine.build.builds import Builds
from wherry.engine.instance import Instance


def test_there_is_one(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)

    class Containers:
        steps = None

    class Registries:
        fetch = None

    anything: Any = {"containers": Containers(), "registries": Registries(), "snapshots": workshop.snapshots}
    builder = Builder(
        instance=Instance.at(tmp_path),
        cache=workshop.cache,
        content=workshop.content,
        images=workshop.images,
        volumes=workshop.engine.volumes,
        cache_bytes=5,
        **anything,
    )
    assert builder.usage() == []
    made = builder()
    assert isinstance(made, Builds)
    assert builder() is made


def test_an_engine_that_only_runs_containers_loads_none() -> None:
    program = "import wherry.app.builder, sys; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "wherry.engine.build.builds" not in loaded
    assert not {name for name in loaded if name.startswith("wherry.engine.dockerfile")}
