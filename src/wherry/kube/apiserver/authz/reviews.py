"""The kinds of authorization.k8s.io: questions to the authorizer, answered in their status.

Each function takes the object that was sent and returns it with its ``status``; it is not changed. What is wrong with
it is raised as StatusError (k8s.io/kubernetes pkg/apis/authorization/validation, pkg/registry/authorization).
"""

from collections.abc import Sequence
from typing import Protocol

from wherry.kube.apiserver.authz.nodes import node_name
from wherry.kube.apiserver.authz.rbac import aggregated
from wherry.kube.apiserver.authz.rules import FULL_AUTHORITY
from wherry.kube.apiserver.authz.selector_attributes import as_text, validate_selectors
from wherry.kube.apiserver.model import MASTERS, Attributes, Authorizer, Decision, Rule, User
from wherry.kube.machinery import status
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.model import GroupKind, Object

GROUP = "authorization.k8s.io"
_SPEC = Path("spec")


class Resolver(Protocol):
    """Says what somebody may do at all."""

    def rules_for(self, user: User, namespace: str) -> tuple[list[Rule], list[str]]:
        """The rules, and what kept others from being found."""


def subject_access_review(review: Object, authorizer: Authorizer) -> Object:
    """May the named user do it?"""
    spec = review.get("spec") or {}
    errors = _validate_spec(spec) + _validate_user(spec) + _validate_metadata(review, "must be empty")
    _refuse("SubjectAccessReview", errors)
    return _answered(review, authorizer, _attributes(spec, _user(spec)))


def local_subject_access_review(review: Object, namespace: str, authorizer: Authorizer) -> Object:
    """The same, asked in the namespace of the request's path and answered for it alone."""
    spec, meta = review.get("spec") or {}, review.get("metadata") or {}
    errors = _validate_spec(spec) + _validate_user(spec)
    errors += _validate_metadata(review, "must be empty except for namespace", "namespace")
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    inside = meta.get("namespace") or namespace
    if asked is not None and asked.get("namespace", "") != inside:
        where = _SPEC.child("resourceAttributes", "namespace")
        errors.append(invalid(where, asked.get("namespace", ""), "must match metadata.namespace"))
    if path is not None:
        errors.append(invalid(_SPEC.child("nonResourceAttributes"), path, "disallowed on this kind of request"))
    _refuse("LocalSubjectAccessReview", errors)
    if asked is not None and asked["namespace"] != namespace:
        raise status.bad_request(f"spec.resourceAttributes.namespace must match namespace: {namespace}")
    return _answered(review, authorizer, _attributes(spec, _user(spec)))


def self_subject_access_review(review: Object, user: User, authorizer: Authorizer) -> Object:
    """May I do it?"""
    spec = review.get("spec") or {}
    _refuse("SelfSubjectAccessReview", _validate_spec(spec) + _validate_metadata(review, "must be empty"))
    return _answered(review, authorizer, _attributes(spec, user))


def self_subject_rules_review(review: Object, user: User, resolver: Resolver) -> Object:
    """What may I do in this namespace? Of a node not all is known: what it may do depends on its pods."""
    namespace = (review.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise status.bad_request("no namespace on request")
    found, errors = resolver.rules_for(user, namespace)
    is_node = node_name(user) is not None
    if is_node:
        errors = ["node authorizer does not support user rule resolution", *errors]
    if MASTERS in user.groups:
        found = [*FULL_AUTHORITY, *found]
    answer: Object = {
        "resourceRules": [_resource_rule(each) for each in found if each.groups],
        "nonResourceRules": [_path_rule(each) for each in found if each.paths],
        "incomplete": is_node or bool(errors),
    }
    if errors:
        answer["evaluationError"] = aggregated(errors)
    return {**review, "status": answer}


def _resource_rule(rule: Rule) -> Object:
    shown: Object = {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
    return {**shown, "resourceNames": list(rule.names)} if rule.names else shown


def _path_rule(rule: Rule) -> Object:
    return {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.paths)}


def _answered(review: Object, authorizer: Authorizer, asked: Attributes) -> Object:
    decision, reason = authorizer.authorize(asked)
    answer: Object = {"allowed": decision is Decision.ALLOW}
    if decision is Decision.DENY:
        answer["denied"] = True
    if reason:
        answer["reason"] = reason
    return {**review, "status": answer}


def _user(spec: Object) -> User:
    extra = {name.lower(): tuple(values) for name, values in (spec.get("extra") or {}).items()}
    return User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)


def _attributes(spec: Object, user: User) -> Attributes:
    asked = spec.get("resourceAttributes")
    if asked is None:
        path = spec["nonResourceAttributes"]
        return Attributes(user, path.get("verb", ""), path=path.get("path") or "/")
    return Attributes(
        user,
        asked.get("verb", ""),
        asked.get("group", ""),
        asked.get("version", ""),
        asked.get("resource", ""),
        asked.get("subresource", ""),
        asked.get("namespace", ""),
        asked.get("name", ""),
        label_selector=as_text(asked.get("labelSelector")),
        field_selector=as_text(asked.get("fieldSelector")),
    )


def _validate_spec(spec: Object) -> list[FieldError]:
    asked, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if asked is not None and path is not None:
        where = _SPEC.child("nonResourceAttributes")
        return [invalid(where, path, "cannot be specified in combination with resourceAttributes")]
    if asked is None and path is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        return [invalid(_SPEC.child("resourceAttributes"), None, why)]
    return validate_selectors(asked, _SPEC.child("resourceAttributes")) if asked is not None else []


def _validate_user(spec: Object) -> list[FieldError]:
    if spec.get("user") or spec.get("groups"):
        return []
    return [invalid(_SPEC.child("user"), "", "at least one of user or group must be specified")]


def _validate_metadata(review: Object, why: str, *allowed: str) -> list[FieldError]:
    meta = review.get("metadata") or {}
    if any(value for name, value in meta.items() if name not in ("managedFields", *allowed)):
        return [invalid("metadata", meta, why)]
    return []


def _refuse(kind: str, errors: Sequence[FieldError]) -> None:
    if errors:
        raise status.invalid(GroupKind(GROUP, kind), "", errors)
