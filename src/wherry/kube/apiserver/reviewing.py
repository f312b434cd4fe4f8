"""Kinds that are questions: they are created, answered, and not stored."""

from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.authn.model import TokenAuthenticator
from wherry.kube.apiserver.authn.reviews import self_subject_review, token_review
from wherry.kube.apiserver.authz import reviews
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.model import Authorizer
from wherry.kube.machinery.model import GroupResource, Object

_WHO, _MAY = "authentication.k8s.io", "authorization.k8s.io"


def add_reviews(api: Api, tokens: TokenAuthenticator, authorizer: Authorizer, rbac: Rbac) -> None:
    """Teach the API to answer them."""

    async def token(call: Call, review: Object) -> Object:
        return token_review(review, tokens)

    async def oneself(call: Call, review: Object) -> Object:
        return self_subject_review(review, call.user, call.now)

    async def subject_access(call: Call, review: Object) -> Object:
        return reviews.subject_access_review(review, authorizer)

    async def local_subject_access(call: Call, review: Object) -> Object:
        return reviews.local_subject_access_review(review, call.namespace, authorizer)

    async def own_access(call: Call, review: Object) -> Object:
        return reviews.self_subject_access_review(review, call.user, authorizer)

    async def own_rules(call: Call, review: Object) -> Object:
        return reviews.self_subject_rules_review(review, call.user, rbac)

    for group, resource, review in (
        (_WHO, "tokenreviews", token),
        (_WHO, "selfsubjectreviews", oneself),
        (_MAY, "subjectaccessreviews", subject_access),
        (_MAY, "localsubjectaccessreviews", local_subject_access),
        (_MAY, "selfsubjectaccessreviews", own_access),
        (_MAY, "selfsubjectrulesreviews", own_rules),
    ):
        api.add_review(GroupResource(group, resource), review)
