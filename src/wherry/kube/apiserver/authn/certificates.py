"""Client certificates: the common name is the user, organizations are groups (k8s.io/apiserver
pkg/authentication/request/x509)."""

import time
from collections.abc import Callable
from hashlib import sha256

import msgspec

from wherry.kube.apiserver.authn.model import CREDENTIAL_ID, completed
from wherry.kube.apiserver.model import Credentials, Identity, User
from wherry.kube.machinery.status import unauthorized
from wherry.kube.pki.der import Certificate, parse_certificate

_MAX_KNOWN = 1024


class _Known(msgspec.Struct, frozen=True):
    certificate: Certificate
    user: User | None
    clock: Callable[[], float]

    def holds(self) -> bool:
        """Nothing but its time can end it."""
        return self.certificate.not_before <= self.clock() <= self.certificate.not_after


class Certificates:
    """Certificates that TLS has verified. A connection may outlive its certificate: the time is looked at each time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

    def authenticate(self, credentials: Credentials) -> Identity | None:
        """None without a certificate, and for one without a common name. Raises StatusError 401."""
        if not credentials.certificate:
            return None
        known = self._read(credentials.certificate)
        if not known.holds():
            raise unauthorized()
        return Identity(known.user, known.holds) if known.user is not None else None

    def _read(self, der: bytes) -> _Known:
        found = self._known.get(der)
        if found is None:
            try:
                certificate = parse_certificate(der)
            except ValueError as error:
                raise unauthorized() from error
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            found = self._known[der] = _Known(certificate, user_of(certificate, der), self._clock)
        return found


def user_of(certificate: Certificate, der: bytes) -> User | None:
    """None when there is no common name."""
    if not certificate.common_name:
        return None
    extra = {CREDENTIAL_ID: (f"X509SHA256={sha256(der).hexdigest()}",)}
    return completed(User(certificate.common_name, certificate.organizations, certificate.uid, extra))
