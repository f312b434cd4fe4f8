"""``finalize`` of namespaces, ``approval`` of certificate requests, ``token`` of service accounts."""

from collections.abc import Iterable

from wherry.kube.apiserver import decoding
from wherry.kube.apiserver.api import Api, Subresource
from wherry.kube.apiserver.authn.issuing import TokenIssuer
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.writing import Part
from wherry.kube.machinery import times
from wherry.kube.machinery.model import GroupResource, GroupVersionKind
from wherry.kube.machinery.schema.builtin import schema_of

_REQUEST = GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest")


def subresources(api: Api, issuer: TokenIssuer) -> Iterable[Subresource]:
    """See the module."""
    yield _part(api, "finalize", GroupResource("", "namespaces"))
    yield _part(api, "approval", GroupResource("certificates.k8s.io", "certificatesigningrequests"))

    async def token(call: Call) -> Outcome:
        request = decoding.read_as(call, _REQUEST, schema_of(_REQUEST))
        decoding.check_place(call, request, call.served)
        entry = await api.reads.get(call)
        await api.writes.admit_creation(call, request, "token")
        answered = issuer.request(request, entry.object, call.now, call.warnings)
        answered["metadata"]["creationTimestamp"] = times.rfc3339(call.now)
        return Outcome(201, document=answered)

    yield Subresource("token", {"create": token}, frozenset({GroupResource("", "serviceaccounts")}))


def _part(api: Api, name: str, resource: GroupResource) -> Subresource:
    part = Part(name)

    async def get(call: Call) -> Outcome:
        return Outcome(200, (await api.reads.get(call)).raw)

    async def update(call: Call) -> Outcome:
        return await api.writes.update(call, part)

    async def patch(call: Call) -> Outcome:
        return await api.patches.patch(call, part)

    return Subresource(name, {"get": get, "update": update, "patch": patch}, frozenset({resource}))
