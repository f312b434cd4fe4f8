"""A token server for a test (distribution docs/spec/auth/token.md): users, passwords, and what they may do."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

# user:password → repository → actions
Grants = dict[str, dict[str, set[str]]]


class TokenServer:
    """``options`` are the registry's; ``asked`` are the scopes it was asked for."""

    def __init__(self, directory: Path, grants: Grants) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._grants = grants
        self.asked: list[str] = []
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (directory / "token.pem").write_bytes(public)
        handler = type("Handler", (_Handler,), {"tokens": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        realm = f"http://127.0.0.1:{self._server.server_port}/token"
        self.options = (
            f"--token-realm={realm}", "--token-service=ours", "--token-issuer=test",
            f"--token-key={directory / 'token.pem'}",
        )  # fmt: skip

    def __enter__(self) -> "TokenServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def token(self, credentials: str, scopes: list[str], service: str) -> str:
        """What of ``scopes`` the user may do."""
        allowed = self._grants.get(credentials, {})
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            granted = sorted(set(actions.split(",")) & allowed.get(name, set()))
            access.append({"type": kind, "name": name, "actions": granted})
        self.asked += scopes
        claims = {"iss": "test", "aud": service, "exp": int(time.time()) + 60, "access": access}
        return jwt.encode(claims, self._key, algorithm="ES256")


class _Handler(BaseHTTPRequestHandler):
    tokens: TokenServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        encoded = self.headers.get("Authorization", "").removeprefix("Basic ")
        scopes = [each for scope in query.get("scope", []) for each in scope.split(" ")]
        token = self.tokens.token(base64.b64decode(encoded).decode(), scopes, query["service"][0])
        body = json.dumps({"token": token, "expires_in": 60}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
