"""The user's credentials for registries: docker's ``config.json`` and its credential helpers, shared with docker.

``$DOCKER_CONFIG/config.json``, or ``~/.docker/config.json``. A helper is a program ``docker-credential-NAME`` that
keeps secrets elsewhere (docker/docker-credential-helpers); ``credHelpers`` names one for a registry, ``credsStore`` for
all. What else is in the file stays as it is.
"""

import base64
import binascii
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wherry.kit.errors import Invalid, NotFound, Unavailable

HUB = "https://index.docker.io/v1/"
"""What docker.io is called in the file."""

_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_TOKEN_USER = "<token>"
"""The user's name for which a helper's secret is an identity token (docker/cli credentials/native_store.go)."""

_NOT_FOUND = "credentials not found in native keychain"
_HELPER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Auth:
    """A user at a registry; ``identity_token`` stands for the password."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    def members(self) -> dict[str, str]:
        """As Docker's API spells them."""
        members = {"username": self.username, "password": self.password, "identitytoken": self.identity_token}
        return {name: value for name, value in members.items() if value}

    def header(self, server: str) -> str:
        """The value of ``X-Registry-Auth``."""
        document = {**self.members(), "serveraddress": server} if self != NOBODY else {}
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


NOBODY = Auth()


def server_of(domain: str) -> str:
    """What a registry is called in the file, from the domain of a reference or what a user typed."""
    host = domain.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return HUB if host in _HUB_NAMES or not host else host


class DockerConfig:
    """``path`` need not exist. Raises Invalid for a file that cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._document = _read(path)

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> "DockerConfig":
        directory = environment.get("DOCKER_CONFIG")
        return cls((Path(directory) if directory else Path.home() / ".docker") / "config.json")

    def auth(self, server: str) -> Auth:
        """The user's at a registry; :data:`NOBODY` where there are none. Raises Unavailable when a helper fails."""
        helper = self.helper(server)
        if helper:
            return _from_helper(helper, server)
        auths = self._auths()
        entry = auths.get(server) or next((auths[key] for key in auths if server_of(key) == server), None)
        return _from_entry(entry, self.path) if entry is not None else NOBODY

    def every(self) -> dict[str, Auth]:
        """Registry → the user's, of all that the file and the helpers know: for a build, which may need any."""
        names = {*self._auths(), *_table(self._document.get("credHelpers"))}
        store = self._document.get("credsStore")
        if isinstance(store, str) and store:
            names |= {*_listed(store)}
        return {name: auth for name in sorted(names) if (auth := self.auth(name)) != NOBODY}

    def helper(self, server: str) -> str:
        """The name of the helper that keeps a registry's credentials; empty: the file does."""
        helpers = _table(self._document.get("credHelpers"))
        found = helpers.get(server) or self._document.get("credsStore") or ""
        return found if isinstance(found, str) else ""

    def store(self, server: str, auth: Auth) -> None:
        """Keep a user's credentials, in the helper where there is one. The file is readable by its owner only."""
        helper = self.helper(server)
        if helper:
            username, secret = (
                (_TOKEN_USER, auth.identity_token) if auth.identity_token else (auth.username, auth.password)
            )
            _call(helper, "store", json.dumps({"ServerURL": server, "Username": username, "Secret": secret}))
            entry: dict[str, str] = {}
        else:
            pair = f"{auth.username}:{'' if auth.identity_token else auth.password}"
            entry = {"auth": base64.b64encode(pair.encode()).decode()}
            if auth.identity_token:
                entry["identitytoken"] = auth.identity_token
        self._write({**self._auths(), server: entry})

    def erase(self, server: str) -> bool:
        """Forget; whether there was anything to forget."""
        helper = self.helper(server)
        auths = {name: entry for name, entry in self._auths().items() if server not in (name, server_of(name))}
        known = len(auths) < len(self._auths())
        if helper:
            known = _from_helper(helper, server) != NOBODY or known
            _call(helper, "erase", server)
        if len(auths) < len(self._auths()):
            self._write(auths)
        return known

    def _auths(self) -> dict[str, Any]:
        return _table(self._document.get("auths"))

    def _write(self, auths: dict[str, Any]) -> None:
        self._document["auths"] = auths
        target = self.path.resolve()  # a link stays one
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, prefix=".config.", delete=False) as file:
            json.dump(self._document, file, indent="\t")  # mode 0600 from its beginning (mkstemp(3))
        Path(file.name).replace(target)


def _table(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes() or b"{}")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise Invalid(f"{path}: cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise Invalid(f"{path}: is not a JSON object")
    return document


def _from_entry(entry: object, path: Path) -> Auth:
    members = _table(entry)
    username, password = str(members.get("username") or ""), str(members.get("password") or "")
    if members.get("auth"):
        try:
            text = base64.b64decode(str(members["auth"]), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Invalid(f"{path}: invalid auth configuration file") from error
        username, _, password = text.partition(":")
    return Auth(username, password.strip("\0"), str(members.get("identitytoken") or ""))


def _from_helper(helper: str, server: str) -> Auth:
    try:
        found = json.loads(_call(helper, "get", server))
        username, secret = str(found["Username"]), str(found["Secret"])
    except NotFound:
        return NOBODY
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"docker-credential-{helper} gave no credentials that make sense") from error
    return Auth(identity_token=secret) if username == _TOKEN_USER else Auth(username, secret)


def _listed(helper: str) -> Mapping[str, Any]:
    try:
        return _table(json.loads(_call(helper, "list", "")))
    except ValueError:
        return {}


def _call(helper: str, verb: str, given: str) -> str:
    """What a helper answers. Raises NotFound when it knows nothing of the registry, Unavailable when it fails."""
    program = f"docker-credential-{helper}"
    if "/" in helper:
        raise Invalid(f"credential helper {helper!r} is not a name")
    try:
        done = subprocess.run(
            [program, verb], input=given, capture_output=True, text=True, timeout=_HELPER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"error getting credentials: {program}: {error}") from error
    if done.returncode:
        text = (done.stdout.strip() or done.stderr.strip())[:500]
        if _NOT_FOUND in text:
            raise NotFound(text)
        raise Unavailable(f"error getting credentials - err: exit status {done.returncode}, out: `{text}`")
    return done.stdout
