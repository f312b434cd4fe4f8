"""The README's tour, typed as it stands there."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel import census
from wherry.engine.instance import Instance

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory in place of /tmp; whatever happens, no process is left that works in it."""
    directory = Path(tempfile.mkdtemp(prefix="wherry-tour-"))
    directory.chmod(0o755)
    yield directory
    root = directory / "wherry-tour"
    subprocess.run([ROOT / ".venv/bin/wherry", "down", "--root", root], check=False, capture_output=True, timeout=60)
    shutil.rmtree(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_tour_goes_as_the_readme_says(place: Path, port: int) -> None:
    script = "\n".join(blocks()).replace("/tmp/", f"{place}/").replace("8080", str(port))
    script = script.replace("./run --setup-only\n", "")  # it is set up: this test runs
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WHERRY_", "DOCKER_"))}
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, told
    expected = (
        r"Wherry is up.*node +\d+.*demo +1 .*hello\n.*uid=0.*\s0 +[1-9]\d{5,} +65536.*uid=1000"
        r".*it works\n.*\bhttpd -f.*web.*\d+%.*it works\n.*Wherry is up.*web\n"
        r"exit status 137\n.*<h1>built</h1>\n.*Loaded image: demo:1\n.*is down"
    )
    assert re.search(expected, done.stdout, re.DOTALL), told
    left = census.take(Instance.at(place / "wherry-tour")).since(census.Census())
    assert not left, "left behind:\n" + "\n".join(left)
    assert not list(place.iterdir())
