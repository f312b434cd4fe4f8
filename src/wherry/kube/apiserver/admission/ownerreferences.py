"""OwnerReferencesPermissionEnforcement: who makes an object wait for another must have the right to hold that up
(k8s.io/kubernetes plugin/pkg/admission/gc).

Off by default, as in upstream: :func:`wherry.kube.apiserver.admission.every.plugins` takes it when asked to.
"""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from wherry.kube.apiserver.admission.plugin import Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Attributes, Decision, Operation
from wherry.kube.machinery.model import GroupResource, GroupVersionKind, Object


class Plurals(Protocol):
    """Of kinds that are served, custom ones too."""

    def resource_of(self, kind: GroupVersionKind) -> tuple[GroupResource, bool] | None:
        """The resource, and whether it has a namespace; None: no such kind."""


class OwnerReferencesPermissionEnforcement(Plugin):
    name = "OwnerReferencesPermissionEnforcement"

    def __init__(self, needs: Needs, plurals: Plurals) -> None:
        self._authorizer = needs.authorizer
        self._plurals = plurals

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        return operation in (Operation.CREATE, Operation.UPDATE)

    def validate(self, request: AdmissionRequest) -> None:
        new, old = _owners(new_object(request)), _owners(request.old or {})
        if new == old:
            return
        if request.operation is Operation.UPDATE and not self._may(_asked(request, "delete", request.resource)):
            raise refusal(
                request,
                "cannot set an ownerRef on a resource you can't delete: you may not delete this object",
            )
        for owner in _newly_blocking(new, old):
            self._check_owner(request, owner)

    def _check_owner(self, request: AdmissionRequest, owner: Object) -> None:
        try:
            kind = GroupVersionKind.of(owner)
        except ValueError as error:
            raise refusal(request, f"cannot set blockOwnerDeletion if its owner is of no kind: {error}") from error
        found = self._plurals.resource_of(kind)
        if found is None:
            raise refusal(
                request,
                f"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion "
                f"{owner.get('apiVersion')} Kind {owner.get('kind')}",
            )
        resource, namespaced = found
        asked = msgspec.structs.replace(
            _asked(request, "update", resource), name=owner.get("name", ""), subresource="finalizers",
            namespace=request.namespace if namespaced else "",
        )  # fmt: skip
        if not self._may(asked):
            raise refusal(
                request,
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: "
                f"{resource} {owner.get('name', '')}",
            )

    def _may(self, asked: Attributes) -> bool:
        return self._authorizer.authorize(asked)[0] is Decision.ALLOW


def _asked(request: AdmissionRequest, verb: str, resource: GroupResource) -> Attributes:
    return Attributes(
        request.user, verb, group=resource.group, version="*", resource=resource.resource,
        namespace=request.namespace, name=request.name,
    )  # fmt: skip


def _owners(obj: Object) -> dict[str, Object]:
    return {each.get("uid", ""): each for each in (obj.get("metadata") or {}).get("ownerReferences") or ()}


def _newly_blocking(new: dict[str, Object], old: dict[str, Object]) -> Iterable[Object]:
    return [
        owner
        for uid, owner in new.items()
        if owner.get("blockOwnerDeletion") and not (old.get(uid) or {}).get("blockOwnerDeletion")
    ]
