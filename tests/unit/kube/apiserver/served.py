"""Kinds to serve in tests, and a small server of documents that real clients can ask."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind, ScaleFields

PODS = Kind(
    "",
    "Pod",
    "pods",
    versions("", "Pod", "v1"),
    "v1",
    short_names=("po",),
    categories=("all",),
    subresources=(
        "attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "resize",
    ),
)  # fmt: skip
CONFIGS = Kind(
    "", "ConfigMap", "configmaps", versions("", "ConfigMap", "v1"), "v1", has_status=False, short_names=("cm",)
)
NAMESPACES = Kind(
    "",
    "Namespace",
    "namespaces",
    versions("", "Namespace", "v1"),
    "v1",
    namespaced=False,
    short_names=("ns",),
    subresources=("finalize",),
)
ACCOUNTS = Kind(
    "",
    "ServiceAccount",
    "serviceaccounts",
    versions("", "ServiceAccount", "v1"),
    "v1",
    has_status=False,
    short_names=("sa",),
    subresources=("token",),
)
DEPLOYMENTS = Kind(
    "apps",
    "Deployment",
    "deployments",
    versions("apps", "Deployment", "v1"),
    "v1",
    short_names=("deploy",),
    categories=("all",),
    scale=ScaleFields(),
)
SCALERS = Kind(
    "autoscaling",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    versions("autoscaling", "HorizontalPodAutoscaler", "v2", "v1"),
    "v2",
    short_names=("hpa",),
)
REVIEWS = Kind(
    "authorization.k8s.io",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    versions("authorization.k8s.io", "SelfSubjectAccessReview", "v1"),
    "v1",
    namespaced=False,
    verbs=("create",),
)
ROLES = Kind(
    "rbac.authorization.k8s.io",
    "Role",
    "roles",
    versions("rbac.authorization.k8s.io", "Role", "v1"),
    "v1",
    has_status=False,
)
KINDS = (PODS, CONFIGS, NAMESPACES, ACCOUNTS, DEPLOYMENTS, SCALERS, REVIEWS, ROLES)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(slots=True)
class Server:
    """``url``, and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[Server]:
    """A server on the loopback interface for the time of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, path, query, dict(self.headers.items()), body)
            server.requests.append(request)
            given = answer(request)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, format: str, *args: object) -> None:
            """Not on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = Server(f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
