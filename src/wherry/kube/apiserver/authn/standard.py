"""The authenticators of a server, put together."""

import time
from collections.abc import Callable

import msgspec

from wherry.kube.apiserver.authn.bootstrap import BootstrapTokens
from wherry.kube.apiserver.authn.certificates import Certificates
from wherry.kube.apiserver.authn.issuing import TokenIssuer
from wherry.kube.apiserver.authn.tokens import LegacyTokens, ServiceAccountTokens, Trust
from wherry.kube.apiserver.authn.union import Tokens, Union
from wherry.kube.apiserver.model import Authenticator, Listers

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Upstream's default, and the server's audience."""


class Authentication(msgspec.Struct, frozen=True):
    """``tokens`` answers TokenReviews; ``issuer`` makes tokens."""

    authenticator: Authenticator
    tokens: Tokens
    issuer: TokenIssuer


def standard(trust: Trust, listers: Listers, clock: Callable[[], float] = time.time) -> Authentication:
    """Client certificates, service accounts, the secrets of old, tokens to join by."""
    accounts, legacy = ServiceAccountTokens(trust, listers, clock), LegacyTokens(trust, listers, clock)
    tokens = Tokens([accounts, legacy, BootstrapTokens(listers, trust.audiences, clock)])
    return Authentication(Union([Certificates(clock), tokens]), tokens, TokenIssuer(trust, listers))
