"""The rules of ARCHITECTURE.md, checked: what linters can say, and what they cannot."""

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.mirror import ELSEWHERE

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "wherry"
PROGRAMS = [SOURCE, ROOT / "scripts", ROOT / "benchmarks"]
LONGEST_FILE = 400
# Each costs what a whole `wherry ps` may take, or more.
HEAVY = {"aiohttp", "apsw", "asyncio", "msgspec", "pyroute2", "rich", "uvloop", "wherry.engine"}
CONTAINERS = [{"Id": "a" * 64, "Image": "demo:1", "Command": "true", "Created": 0, "State": "running", "Status": "Up",
                    "Names": ["/web"]}]  # fmt: skip


def tool(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the linters on the checkout; skip where it is not installed."""
    beside = Path(sys.executable).with_name(name)
    program = str(beside) if beside.exists() else shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(
        [program, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [("lint-imports",), ("ruff", "check"), ("ruff", "format", "--check"), ("mypy", "--strict")],
    ids=" ".join,
)
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    done = tool(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def files(*directories: Path) -> list[Path]:
    return sorted(path for directory in directories for path in directory.rglob("*.py"))


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_file_says_what_it_is() -> None:
    silent = [shown(path) for path in files(*PROGRAMS) if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent, "no module docstring"


def test_no_file_is_too_long() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in files(*PROGRAMS, ROOT / "tests")}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FILE}, "split these"


def python(program: str, *flags: str) -> set[str]:
    """Names of the modules that an interpreter has loaded after ``program``."""
    script = f"{program}\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    arguments = [sys.executable, *flags, "-c", script]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=200, check=True)
    return set(done.stdout.splitlines()[-1].split())


def beyond_the_standard_library(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] not in {*sys.stdlib_module_names, "__main__"}}


def is_below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_the_spawner_is_the_standard_library_linux_and_the_runtime() -> None:
    modules = python(
        f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import wherry.engine.runtime.spawner",
        "-I",
        "-S",
        "-B",
    )
    ours = beyond_the_standard_library(modules) - {"wherry", "wherry.engine"}  # two that import nothing
    assert "wherry.engine.runtime.shim" in ours
    assert not {name for name in ours if not is_below(name, "wherry.linux", "wherry.engine.runtime")}
    # Of these only what the spawner runs: the daemon's side of the runtime has an event loop of another kind.
    assert not modules & {"asyncio", "wherry.engine.runtime.client", "wherry.engine.runtime.tasks"}
    # Every shim has all of this in its memory: dataclasses bring inspect, ast and tokenize, 1.6 MB.
    assert not modules & {"dataclasses", "inspect"}


def test_the_supervisor_is_the_standard_library() -> None:
    modules = python(f"import runpy; runpy.run_path({str(SOURCE / 'app' / 'supervisor.py')!r})", "-I", "-S", "-B")
    assert not beyond_the_standard_library(modules)
    assert "asyncio" not in modules


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """Directory of an instance whose socket answers one request with a list of containers."""
    (tmp_path / "run").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "run" / "docker.sock"))
    listener.listen()

    def answer() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # nobody came
        with connection:
            connection.recv(65536)
            body = json.dumps(CONTAINERS).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)

    thread = threading.Thread(target=answer)
    thread.start()
    yield tmp_path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize("arguments", [["--version"], ["ps"], ["ps", "--format", "{{.Names}}"]], ids=" ".join)
def test_commands_load_nothing_heavy(daemon: Path, arguments: list[str]) -> None:
    line = ["wherry", "--root", str(daemon), *arguments]
    modules = python(
        f"import sys; sys.argv = {line!r}\nfrom wherry.app.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end"
    )
    assert not {name for name in modules if is_below(name, *HEAVY)}


def test_every_file_has_its_test_file() -> None:
    """tests/unit mirrors the package; what is tested elsewhere is in ``mirror.py``, and only while it is."""
    names = {str(path.relative_to(SOURCE)) for path in files(SOURCE) if path.name != "__init__.py"}
    tested = {str(path.relative_to(ROOT / "tests" / "unit")) for path in files(ROOT / "tests" / "unit")}
    missing = {name for name in names if str(Path(name).with_name(f"test_{Path(name).name}")) not in tested}
    assert not missing - ELSEWHERE.keys(), "write their test files"
    assert not ELSEWHERE.keys() - missing, "these are gone or have a test file: take them out of mirror.py"
    assert not {test for test in ELSEWHERE.values() if test and not (ROOT / "tests" / test).exists()}, "no such tests"
