"""Kinds that are questions to the server: they are created, answered at once, and not stored.

Who answers them checks them, too; there is nothing to prepare and nothing to default.
"""

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import Kind


def _review(group: str, kind: str, plural: str, *, namespaced: bool = False) -> Kind:
    return Kind(
        group,
        kind,
        plural,
        versions(group, kind, "v1"),
        "v1",
        has_status=False,
        namespaced=namespaced,
        singular=kind.lower(),
        verbs=("create",),
    )


TOKEN_REVIEW = _review("authentication.k8s.io", "TokenReview", "tokenreviews")
SELF_SUBJECT_REVIEW = _review("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews")
SUBJECT_ACCESS_REVIEW = _review("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews")
SELF_SUBJECT_ACCESS_REVIEW = _review("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews")
SELF_SUBJECT_RULES_REVIEW = _review("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews")
LOCAL_SUBJECT_ACCESS_REVIEW = _review(
    "authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", namespaced=True
)
