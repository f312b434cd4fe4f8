"""The kinds of authentication.k8s.io that are questions: TokenReview, SelfSubjectReview."""

from datetime import datetime

from wherry.kube.apiserver.authn.model import InvalidToken, TokenAuthenticator, user_info
from wherry.kube.apiserver.model import User
from wherry.kube.machinery import status, times
from wherry.kube.machinery.model import Object


def token_review(review: Object, authenticator: TokenAuthenticator) -> Object:
    """The review with its ``status``; it is not changed. Raises StatusError 400 when there is no token in it
    (k8s.io/kubernetes pkg/registry/authentication/tokenreview)."""
    spec = review.get("spec") or {}
    token, audiences = spec.get("token", ""), tuple(spec.get("audiences") or ())
    if not token:
        raise status.bad_request("token is required for TokenReview in authentication")
    try:
        found = authenticator.verify(token, audiences)
    except InvalidToken as error:
        return {**review, "status": {"user": {}, "error": str(error)}}
    if found is None:
        return {**review, "status": {"user": {}, "error": "invalid bearer token"}}
    answer: Object = {"authenticated": True, "user": user_info(found.user), "audiences": list(found.audiences)}
    return {**review, "status": answer}


def self_subject_review(review: Object, user: User, now: datetime) -> Object:
    """Who am I?"""
    meta = {**(review.get("metadata") or {}), "creationTimestamp": times.rfc3339(now)}
    return {**review, "metadata": meta, "status": {"userInfo": user_info(user)}}
