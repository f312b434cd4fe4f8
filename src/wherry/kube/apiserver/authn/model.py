"""The words of authentication by token."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from wherry.kube.apiserver.model import User, never
from wherry.kube.machinery.model import Object

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"


class InvalidToken(Exception):
    """The token is one of ours, or says so, and is not right. The text is for who may review tokens, and for the log:
    who brought it learns no more than that it is not accepted."""


class Verified(msgspec.Struct, frozen=True):
    """Whose token it is, and which of the wanted audiences it is for. Groups are complete. ``holds``: see
    :class:`~wherry.kube.apiserver.model.Identity`."""

    user: User
    audiences: tuple[str, ...]
    holds: Callable[[], bool] = never


class TokenAuthenticator(Protocol):
    """Knows one kind of token."""

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        """None: the token is of another kind. ``audiences``: one of them must be among the token's; none: the
        server's own. Raises InvalidToken."""


def completed(user: User) -> User:
    """The user with the group of all whose identity is known."""
    if AUTHENTICATED in user.groups or UNAUTHENTICATED in user.groups:
        return user
    return replace(user, groups=(*user.groups, AUTHENTICATED))


def user_info(user: User) -> Object:
    """As authentication.k8s.io/v1 shows a user; what is empty is left out."""
    shown: Object = {"username": user.name}
    if user.uid:
        shown["uid"] = user.uid
    if user.groups:
        shown["groups"] = list(user.groups)
    if user.extra:
        shown["extra"] = {name: list(values) for name, values in user.extra.items()}
    return shown
