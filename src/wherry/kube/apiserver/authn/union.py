"""All that know who asks, as one."""

import logging
from collections.abc import Sequence

from wherry.kube.apiserver.authn.model import InvalidToken, TokenAuthenticator, Verified
from wherry.kube.apiserver.model import Authenticator, Credentials, Identity, never
from wherry.kube.machinery.status import unauthorized

log = logging.getLogger(__name__)


class Tokens:
    """Bearer tokens of several kinds."""

    def __init__(self, authenticators: Sequence[TokenAuthenticator]) -> None:
        self._authenticators = tuple(authenticators)

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        """By the first that knows it. Raises InvalidToken."""
        for authenticator in self._authenticators:
            found = authenticator.verify(token, audiences)
            if found is not None:
                return found
        return None

    def authenticate(self, credentials: Credentials) -> Identity | None:
        """None without a token; a token that nobody knows is refused (StatusError 401), with no more said than that.

        Beside a certificate that names nobody it must be looked at each time: the certificate's time is, too."""
        if not credentials.token:
            return None
        try:
            found = self.verify(credentials.token)
        except InvalidToken as error:
            log.info("a bearer token was refused: %s", error)
            raise unauthorized() from error
        if found is None:
            raise unauthorized()
        return Identity(found.user, never if credentials.certificate else found.holds)


class Union:
    """Asks one after the other; the first that knows decides (upstream: certificates before tokens)."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    def authenticate(self, credentials: Credentials) -> Identity | None:
        """None: nothing was brought. Raises StatusError 401."""
        for authenticator in self._authenticators:
            found = authenticator.authenticate(credentials)
            if found is not None:
                return found
        return None
