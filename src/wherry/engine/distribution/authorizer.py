"""Proving to one registry who asks: basic authentication, or tokens from the server it names.

Docker's token protocol (distribution docs/spec/auth/{token,oauth}.md): the registry's challenge names a realm, which
gives a token for a scope, for a while. Where credentials go is decided here and nowhere else.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from wherry.engine.distribution.challenge import Challenge
from wherry.engine.distribution.model import Credentials
from wherry.engine.distribution.refusals import BODY_LIMIT_BYTES, general, refused
from wherry.http.client import Answer, HttpClient, Request
from wherry.http.urls import Origin
from wherry.kit.errors import Forbidden, Invalid, Unauthenticated

CLIENT_ID = "wherry"
_ANSWER_LIMIT_BYTES = 1 << 20
_LIFE_SECONDS = 60
"""Of a token whose life nobody tells (token.md "expires_in")."""

_MARGIN_SECONDS = 5

Scopes = frozenset[str]
"""What is to be done, as ``repository:library/demo:pull,push``."""


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    expires: float


class _Given(msgspec.Struct, frozen=True):
    """A token server's answer."""

    token: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: float | None = None


class Authorizer:
    """For one user at one registry, ``origin``. ``now``: seconds of a clock that only goes forward.

    ``offline``: ask for a token that stands for the password; :attr:`identity_token` is then what was given.
    """

    def __init__(
        self,
        http: HttpClient,
        origin: Origin,
        credentials: Credentials,
        now: Callable[[], float],
        offline: bool = False,
    ) -> None:
        self._http = http
        self._origin = origin
        self._credentials = credentials
        self._now = now
        self._offline = offline
        self._basic = False
        self._bearer: Challenge | None = None
        self._tokens: dict[Scopes, _Token] = {}
        self._asking = asyncio.Lock()
        self.identity_token = ""

    async def header(self, scopes: Scopes) -> str | None:
        """The Authorization for a request to the registry, as far as it has said what it wants; None: none yet."""
        if self._credentials.registry_token:
            return f"Bearer {self._credentials.registry_token}"
        if self._basic:
            return self._basic_header()
        if self._bearer is None:
            return None
        async with self._asking:
            token = self._tokens.get(scopes)
            if token is None or token.expires <= self._now():
                token = self._tokens[scopes] = await self._fetch(self._bearer, scopes)
            return token.header

    def challenged(self, challenges: list[Challenge], sent: str | None, scopes: Scopes) -> bool:
        """Learn from the registry's own answer 401 to a request with the header ``sent``; whether to try again.

        Raises Unauthenticated when it wants credentials and there are none.
        """
        if self._credentials.registry_token:
            return False
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return self._learn(challenge, sent, scopes)
        if any(challenge.scheme == "basic" for challenge in challenges):
            if not (self._credentials.username or self._credentials.password):
                raise Unauthenticated("no basic auth credentials")
            self._basic = True
            return sent != self._basic_header()
        return False

    def _learn(self, challenge: Challenge, sent: str | None, scopes: Scopes) -> bool:
        token = self._tokens.get(scopes)
        self._bearer = challenge
        if token is not None and token.header == sent:
            # It may have been revoked, or have run out on the way: one more, but not for ever.
            del self._tokens[scopes]
            return challenge.parameters.get("error") != "insufficient_scope"
        return True

    def _basic_header(self) -> str:
        pair = f"{self._credentials.username}:{self._credentials.password}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    async def _fetch(self, challenge: Challenge, scopes: Scopes) -> _Token:
        request = self._request(challenge.parameters, scopes)
        async with self._http.send(request) as answer:
            given = await self._given(answer)
        token = given.token or given.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise Unauthenticated(f"{request}: authorization server did not include a token in the response")
        if given.refresh_token:
            self.identity_token = given.refresh_token
        life = given.expires_in if given.expires_in and given.expires_in > 0 else _LIFE_SECONDS
        return _Token(f"Bearer {token}", self._now() + max(1.0, life - _MARGIN_SECONDS))

    def _request(self, parameters: Mapping[str, str], scopes: Scopes) -> Request:
        realm = parameters["realm"]
        secret = not self._credentials.is_anonymous
        _check_realm(realm, self._origin, secret)
        service = parameters.get("service", "")
        wanted = _scopes(scopes, parameters.get("scope", ""))
        if self._credentials.identity_token:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "client_id": CLIENT_ID,
                "scope": " ".join(wanted),
                "refresh_token": self._credentials.identity_token,
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            return Request("POST", realm, headers, urlencode(form).encode())
        query: list[tuple[str, str]] = [("service", service)] if service else []
        query += [("scope", scope) for scope in wanted]
        headers = {"Accept": "application/json"}
        if secret:
            query.append(("account", self._credentials.username))
            headers["Authorization"] = self._basic_header()
            if self._offline:
                query += [("offline_token", "true"), ("client_id", CLIENT_ID)]
        mark = "&" if "?" in realm else "?"
        return Request("GET", f"{realm}{mark}{urlencode(query)}" if query else realm, headers)

    async def _given(self, answer: Answer) -> _Given:
        """What the token server gave. It is never followed elsewhere: the request had credentials."""
        if answer.status >= 300:
            body = await answer.read(BODY_LIMIT_BYTES) if answer.status >= 400 else b""
            error = refused(answer.status, answer.reason, answer.headers, body)
            if answer.status in (401, 403):
                raise Unauthenticated(error.message)
            error.message = f"failed to authorize: failed to fetch token: {error.message}"
            raise general(error)
        try:
            document: Any = msgspec.json.decode(await answer.read(_ANSWER_LIMIT_BYTES))
            return msgspec.convert(document, _Given)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"{answer.request}: the token server's answer makes no sense: {error}") from error


def _check_realm(realm: str, origin: Origin, secret: bool) -> None:
    """Whether a registry may send its users there: by https, or to itself.

    An anonymous user of a registry without https has nothing to lose by asking a server without.
    """
    found = Origin.of(realm)
    if found.is_secure or found == origin or (not secret and not origin.is_secure):
        return
    raise Forbidden(
        f"{origin} sends its users to the token server {found}, which is not safe: "
        + ("credentials go there by https only" if secret else "it must be https")
    )


def _scopes(ours: Scopes, theirs: str) -> list[str]:
    """What we want, and what else the registry's challenge says that it takes, in a stable order."""
    named = {scope.rpartition(":")[0] for scope in ours}
    return sorted(ours | {scope for scope in theirs.split() if scope.rpartition(":")[0] not in named})
