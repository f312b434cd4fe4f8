"""What a server is told."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from wherry.kube.apiserver.authn.standard import ISSUER
from wherry.kube.kinds.service.allocation import Ranges
from wherry.kube.pki.model import SigningKey


class Options(msgspec.Struct, frozen=True):
    """``address`` is where clients reach it, ``https://HOST:PORT``; ``external_ips``: services may have some."""

    signing_keys: tuple[SigningKey, ...]
    address: str = "https://127.0.0.1:6443"
    issuer: str = ISSUER
    ranges: Ranges = msgspec.field(default_factory=Ranges)
    external_ips: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
