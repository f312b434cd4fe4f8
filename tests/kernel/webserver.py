"""Servers of files on this machine's loopback: by HTTP, and by git."""

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.kernel.rig import wait_until

MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"
MODIFIED_SECONDS = 1445412480


@dataclass
class Page:
    """An answer. ``length``: what it says its length is, when that is not the truth. ``stall``: it never ends."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    stall: bool = False


class WebServer:
    """``pages`` by path; ``requests``: the paths that were asked for; ``heads``: all that was sent with them."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[str] = []
        self.heads: list[str] = []
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append(self.path)
                outer.heads.append(str(self.headers))
                page = outer.pages.get(self.path, Page(b"no such page", 404))
                self.send_response(page.status)
                length = len(page.body) if page.length is None else page.length
                for name, value in {"Content-Length": str(length), **page.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # the client may have gone
                    self.wfile.write(page.body)
                if page.stall:
                    outer.closing.wait()
                self.close_connection = page.stall or length != len(page.body)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @contextmanager
    def serving(self) -> Iterator["WebServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class Repository:
    """A git repository, with a file or two in each commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *arguments], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Write files (``__`` in a name stands for a slash) and commit everything; the commit's id."""
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")
        return self.git("rev-parse", "HEAD")


@contextmanager
def git_daemon(directory: Path, port: int) -> Iterator[str]:
    """``git daemon`` for the repositories in ``directory``; the beginning of their addresses."""
    command = ["git", "daemon", "--export-all", f"--base-path={directory}", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*command, "--reuseaddr", str(directory)], stderr=subprocess.DEVNULL)

    def answers() -> bool:
        probe = ["git", "ls-remote", f"git://127.0.0.1:{port}/probe"]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        return "not exported" in done.stderr or "denied" in done.stderr or done.returncode == 0

    try:
        wait_until(answers, 60, "git daemon to answer")
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
