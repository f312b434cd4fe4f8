"""Acting as somebody else (k8s.io/apiserver pkg/endpoints/filters/impersonation; the verb ``impersonate`` only).

Each thing that is asked for, the user, every group, the uid, every extra value, must be allowed by itself.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import msgspec

from wherry.kube.apiserver.authn.accounts import group_names, split_username
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.model import ANONYMOUS, Attributes, Authorizer, Decision, User
from wherry.kube.machinery import status

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
_USER, _GROUP, _UID, _EXTRA = "impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-"
_AUTHENTICATION = "authentication.k8s.io"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


class _Wanted(msgspec.Struct):
    user: str = ""
    groups: list[str] = msgspec.field(default_factory=list)
    uid: str = ""
    extra: dict[str, list[str]] = msgspec.field(default_factory=dict)

    @property
    def more(self) -> list[str]:
        """What is asked for besides a user, for people."""
        return [*self.groups, *([self.uid] if self.uid else []), *self.extra]


def impersonated(headers: Iterable[tuple[str, str]], user: User, authorizer: Authorizer) -> User | None:
    """Whom the request is to be done as; None when it says nothing of that.

    Raises StatusError: 403 when ``user`` may not, 400 when groups and the like come without a user. The headers are
    dealt with by this: whoever hands the request on takes them off.
    """
    wanted = _read(headers)
    if not wanted.user:
        if wanted.more:
            raise status.bad_request(f"requested [{' '.join(wanted.more)}] without impersonating a user")
        return None
    for asked in _questions(wanted, user):
        decision, reason = authorizer.authorize(asked)
        if decision is not Decision.ALLOW:
            raise forbidden(asked, reason)
    extra = {name: tuple(values) for name, values in wanted.extra.items()}
    return User(wanted.user, tuple(_groups(wanted)), wanted.uid, extra)


def _read(headers: Iterable[tuple[str, str]]) -> _Wanted:
    wanted = _Wanted()
    for name, value in headers:
        name = name.lower()
        if not name.startswith("impersonate-"):
            continue
        if name == _USER:
            wanted.user = wanted.user or value
        elif name == _GROUP:
            wanted.groups.append(value)
        elif name == _UID:
            wanted.uid = wanted.uid or value
        elif name.startswith(_EXTRA):
            wanted.extra.setdefault(_unescaped(name[len(_EXTRA) :]), []).append(value)
    return wanted


def _unescaped(key: str) -> str:
    return key if _BROKEN_ESCAPE.search(key) else unquote(key)


def _questions(wanted: _Wanted, user: User) -> Iterator[Attributes]:
    account = split_username(wanted.user)
    if account is not None:
        namespace, name = account
        yield Attributes(user, "impersonate", resource="serviceaccounts", namespace=namespace, name=name)
    else:
        yield Attributes(user, "impersonate", resource="users", name=wanted.user)
    for group in wanted.groups:
        yield Attributes(user, "impersonate", resource="groups", name=group)
    for key, values in wanted.extra.items():
        for value in values:
            yield Attributes(user, "impersonate", _AUTHENTICATION, "v1", "userextras", key, name=value)
    if wanted.uid:
        yield Attributes(user, "impersonate", _AUTHENTICATION, "v1", "uids", name=wanted.uid)


def _groups(wanted: _Wanted) -> list[str]:
    """Those asked for; of a service account its own, when none are; and whether they are authenticated."""
    groups = list(wanted.groups)
    account = split_username(wanted.user)
    if account is not None and not groups:
        groups += group_names(account[0])
    if wanted.user == ANONYMOUS.name:
        return groups if UNAUTHENTICATED in groups else [*groups, UNAUTHENTICATED]
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return groups
    return [*groups, AUTHENTICATED]
