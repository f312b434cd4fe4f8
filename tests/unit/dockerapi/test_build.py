"""The builder's endpoints, and that asking for nothing loads nothing."""

import subprocess
import sys

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.test_building import builder, engine  # noqa: F401  # fixtures


async def test_there_are_three(client: Client, builder: object) -> None:  # noqa: F811
    for operation in ("POST /build/prune", "POST /build?nonsense", "POST /wherry/build"):
        assert (await client.ask(operation, b"")).status != 404
    assert (await client.ask("GET /build")).status in (404, 405)


def test_the_builder_is_not_loaded_before_it_is_asked_for() -> None:
    program = "import wherry.dockerapi.build, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("wherry.engine.build.", "wherry.engine.dockerfile"))]
