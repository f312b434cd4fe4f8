"""Tokens for service accounts, made: TokenRequest (k8s.io/kubernetes pkg/registry/core/serviceaccount/storage/token.go)
and the secrets of old."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from wherry.kube.apiserver.authn.accounts import username
from wherry.kube.apiserver.authn.claims import Bound, Reference
from wherry.kube.apiserver.authn.tokens import LEGACY_ISSUER, Trust
from wherry.kube.apiserver.model import Listers
from wherry.kube.apiserver.quoting import quoted
from wherry.kube.machinery import status, times
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersion, Object

DEFAULT_SECONDS = 3600
MIN_SECONDS = 600
MAX_SECONDS = 1 << 32
EXTENDED_SECONDS = 3607
"""As long the token of a pod for this server is asked for where nobody says otherwise (ServiceAccount admission), by a
number that nobody else would ask for. Clients of old read theirs once: it is good for a year, and new after an hour
(WarnOnlyBoundTokenExpirationPeriod, ExpirationExtensionSeconds in pkg/serviceaccount/claims.go). It ends with its pod
all the same."""
_EXTENSION_SECONDS = 365 * 24 * 3600
_KIND = GroupKind("authentication.k8s.io", "TokenRequest")
_SPEC, _META = Path("spec"), Path("metadata")
_BOUND_KINDS = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}


class TokenIssuer(msgspec.Struct):
    """``max_seconds`` 0: a token may last as long as is asked for. ``new_id`` gives the ids of tokens."""

    trust: Trust
    listers: Listers
    max_seconds: int = 0
    new_id: Callable[[], str] = lambda: str(uuid4())

    def request(self, review: Object, account: Object, now: datetime, warnings: list[str]) -> Object:
        """Answer a TokenRequest for the service account: the object completed, with its status.

        Raises StatusError: 422 for what is wrong with it, 404 when what it is to be bound to is not there, 400 and 409
        when that is not what was meant. ``warnings`` is added to.
        """
        review = defaulted(review, account, self.trust.audiences)
        errors = validate(review, account)
        if errors:
            is_other = errors[0].field.startswith("metadata")
            raise status.invalid(_KIND, account["metadata"]["name"] if is_other else "", errors)
        asked = review["spec"]["expirationSeconds"]
        if 0 < self.max_seconds < asked:
            warnings.append(f"requested expiration of {asked} seconds shortened to {self.max_seconds} seconds")
            review["spec"]["expirationSeconds"] = self.max_seconds
        return {**review, "status": self.token(account, review["spec"], now)}

    def token(self, account: Object, spec: Object, now: datetime) -> Object:
        """``status`` of a TokenRequest whose ``spec`` is valid and complete. Raises StatusError as :meth:`request`."""
        bound = self._bound(account, spec.get("boundObjectRef"))
        start = int(now.timestamp())
        end = start + int(spec["expirationSeconds"])
        last = end
        if bound.pod is not None and self._is_extended(spec):
            bound.warnafter, last = end, start + _EXTENSION_SECONDS
        meta = account["metadata"]
        claims = {
            "aud": list(spec["audiences"]),
            "exp": last,
            "iat": start,
            "iss": self.trust.issuers[0],
            "jti": self.new_id(),
            "kubernetes.io": bound,
            "nbf": start,
            "sub": username(meta["namespace"], meta["name"]),
        }
        token = self.trust.keys.sign(msgspec.json.encode(claims))
        return {"token": token, "expirationTimestamp": times.rfc3339(datetime.fromtimestamp(end, UTC))}

    def _is_extended(self, spec: Object) -> bool:
        is_for_us = set(spec["audiences"]) <= set(self.trust.audiences)
        return is_for_us and spec["expirationSeconds"] == EXTENDED_SECONDS

    def legacy_token(self, secret: str, account: Object) -> str:
        """The token for a secret of type ``kubernetes.io/service-account-token``. It does not expire."""
        meta, prefix = account["metadata"], "kubernetes.io/serviceaccount/"
        claims = {
            "iss": LEGACY_ISSUER,
            prefix + "namespace": meta["namespace"],
            prefix + "secret.name": secret,
            prefix + "service-account.name": meta["name"],
            prefix + "service-account.uid": meta["uid"],
            "sub": username(meta["namespace"], meta["name"]),
        }
        return self.trust.keys.sign(msgspec.json.encode(claims))

    def _bound(self, account: Object, reference: Object | None) -> Bound:
        meta = account["metadata"]
        bound = Bound(meta["namespace"], serviceaccount=Reference(meta["name"], meta["uid"]))
        if not reference:
            return bound
        kind, name = reference.get("kind", ""), reference.get("name", "")
        version = _version(reference.get("apiVersion", ""))
        if version.group or kind not in _BOUND_KINDS:
            shown = f"{version.group}/{version.version}, Kind={kind}"
            raise status.bad_request(f"cannot bind token to object of type {shown}")
        found = self._found(_BOUND_KINDS[kind], name, "" if kind == "Node" else meta["namespace"])
        target = Reference(name, found["metadata"].get("uid", ""))
        if kind == "Pod":
            self._bind_pod(bound, found, meta["name"])
        setattr(bound, kind.lower(), target)
        wanted = reference.get("uid")
        if wanted and wanted != target.uid:
            said = f"the UID in the bound object reference ({wanted}) does not match the UID in record."
            raise status.conflict(
                GroupResource("", kind), name, f"{said} The object might have been deleted and then recreated"
            )
        return bound

    def _bind_pod(self, bound: Bound, pod: Object, account: str) -> None:
        """A pod's token also says on which node it is."""
        spec = pod.get("spec") or {}
        if spec.get("serviceAccountName", "") != account:
            said = "to pod running with different serviceaccount name."
            raise status.bad_request(f"cannot bind token for serviceaccount {quoted(account)} {said}")
        if name := spec.get("nodeName"):
            node = self.listers.of(GroupResource("", "nodes")).get(name)
            bound.node = Reference(name, node["metadata"].get("uid", "") if node is not None else "")

    def _found(self, plural: str, name: str, namespace: str) -> Object:
        resource = GroupResource("", plural)
        found = self.listers.of(resource).get(name, namespace)
        if found is None:
            raise status.not_found(resource, name)
        return found


def _version(text: str) -> GroupVersion:
    try:
        return GroupVersion.parse(text) if text else GroupVersion("", "")
    except ValueError:
        return GroupVersion(text, "")


def defaulted(review: Object, account: Object, audiences: tuple[str, ...]) -> Object:
    """A copy with what was left out filled in."""
    own, spec = account["metadata"], dict(review.get("spec") or {})
    if spec.get("expirationSeconds") is None:
        spec["expirationSeconds"] = DEFAULT_SECONDS
    if not spec.get("audiences"):
        spec["audiences"] = list(audiences)
    meta = {"name": own["name"], "namespace": own["namespace"]}
    given = {name: value for name, value in (review.get("metadata") or {}).items() if value}
    return {**review, "metadata": {**meta, **given}, "spec": spec}


def validate(review: Object, account: Object) -> list[FieldError]:
    """What is wrong with a TokenRequest (pkg/apis/authentication/validation)."""
    own, meta, spec = account["metadata"], review["metadata"], review["spec"]
    for name in ("name", "namespace"):
        if meta[name] != own[name]:
            return [invalid(_META.child(name), meta[name], f"must match the service account {name} if specified")]
    errors = []
    seconds = spec["expirationSeconds"]
    if seconds < MIN_SECONDS:
        why = "may not specify a duration less than 10 minutes"
        errors.append(invalid(_SPEC.child("expirationSeconds"), seconds, why))
    if seconds > MAX_SECONDS:
        why = "may not specify a duration larger than 2^32 seconds"
        errors.append(invalid(_SPEC.child("expirationSeconds"), seconds, why))
    if spec.get("attestations"):
        why = "attestations may only be specified with a webhook bound object reference"
        errors = [invalid(_SPEC.child("attestations"), spec["attestations"], why)]
    return errors
