"""Client certificates: the common name is the user, organizations are groups (k8s.io/apiserver
pkg/authentication/request/x509)."""

import time
from collections.abc import Callable
from hashlib import sha256

from wherry.kube.apiserver.authn.model import CREDENTIAL_ID, completed
from wherry.kube.apiserver.model import Credentials, User
from wherry.kube.machinery.status import unauthorized
from wherry.kube.pki.der import Certificate, parse_certificate

_MAX_KNOWN = 1024


class Certificates:
    """Certificates that TLS has verified. A connection may outlive its certificate: the time is looked at each time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: dict[bytes, tuple[Certificate, User | None]] = {}

    async def authenticate(self, credentials: Credentials) -> User | None:
        """None without a certificate, and for one without a common name. Raises StatusError 401."""
        if not credentials.certificate:
            return None
        certificate, user = self._read(credentials.certificate)
        if not certificate.not_before <= self._clock() <= certificate.not_after:
            raise unauthorized()
        return user

    def _read(self, der: bytes) -> tuple[Certificate, User | None]:
        found = self._known.get(der)
        if found is None:
            try:
                certificate = parse_certificate(der)
            except ValueError as error:
                raise unauthorized() from error
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            found = self._known[der] = certificate, user_of(certificate, der)
        return found


def user_of(certificate: Certificate, der: bytes) -> User | None:
    """None when there is no common name."""
    if not certificate.common_name:
        return None
    extra = {CREDENTIAL_ID: (f"X509SHA256={sha256(der).hexdigest()}",)}
    return completed(User(certificate.common_name, certificate.organizations, certificate.uid, extra))
