"""The file by which clients find the server and say who they are (k8s.io/client-go tools/clientcmd/api/v1).

It is written as JSON, which is YAML: every client reads it, and no library is needed to write it.
"""

import base64

import msgspec

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.model import ADMIN, Identity, Pki

_LISTS = ("clusters", "users", "contexts")


class Access(msgspec.Struct, frozen=True):
    """Where the server is, whom to trust, and who one is: by certificate and key (PEM), or by token.

    ``name`` is what cluster and context are called; ``user`` what the entry of the user is called.
    """

    server: str
    authority_pem: str
    name: str = "wherry"
    user: str = "kubernetes-admin"
    certificate_pem: str = ""
    key_pem: str = ""
    token: str = ""
    namespace: str = ""


def access_of(pki: Pki, server: str, identity: Identity = ADMIN, name: str = "wherry") -> Access:
    """By the certificate of one of the directory's identities. Raises KeyError when it has none for it."""
    pair = pki.clients[identity.file]
    return Access(server, pki.authority_pem, name, identity.user, pair.certificate_pem, pair.key_pem)


def document(access: Access) -> Object:
    """A complete kubeconfig. Nothing in it refers to other files."""
    user: Object = {}
    if access.token:
        user["token"] = access.token
    if access.certificate_pem:
        user["client-certificate-data"] = _encoded(access.certificate_pem)
        user["client-key-data"] = _encoded(access.key_pem)
    called = f"{access.user}@{access.name}"
    context: Object = {"cluster": access.name, "user": called}
    if access.namespace:
        context["namespace"] = access.namespace
    cluster = {"server": access.server, "certificate-authority-data": _encoded(access.authority_pem)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": access.name, "cluster": cluster}],
        "users": [{"name": called, "user": user}],
        "contexts": [{"name": access.name, "context": context}],
        "current-context": access.name,
    }


def text(config: Object) -> str:
    """As a file has it."""
    return msgspec.json.format(msgspec.json.encode(config), indent=2).decode() + "\n"


def parse(content: str) -> Object:
    """Of a kubeconfig in JSON or YAML; an empty one is an empty document. Raises Invalid."""
    from wherry.kube.machinery import yamldocs

    try:
        found = yamldocs.parse(content.encode()).document
    except StatusError as error:
        raise Invalid(f"the kubeconfig cannot be read: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or found.get("kind", "Config") != "Config":
        raise Invalid("the kubeconfig cannot be read: it is not of kind Config")
    return found


def merged(existing: Object, ours: Object) -> Object:
    """``existing`` with our cluster, user and context in it, the latter made the current one.

    Entries of the same name are replaced, all others, and what else stands there, kept; neither argument is changed.
    Raises Invalid for an ``existing`` that is not one.
    """
    result: Object = {"apiVersion": "v1", "kind": "Config", "preferences": {}, **existing}
    for name in _LISTS:
        result[name] = _replaced(name, existing.get(name) or [], ours[name])
    result["current-context"] = ours["current-context"]
    return result


def _replaced(name: str, existing: object, ours: list[Object]) -> list[Object]:
    if not isinstance(existing, list) or not all(isinstance(each, dict) and "name" in each for each in existing):
        raise Invalid(f"the kubeconfig cannot be changed: {name} must be a list of entries with a name")
    new = {each["name"]: each for each in ours}
    kept = [new.pop(each["name"], each) for each in existing]
    return kept + list(new.values())


def without(existing: Object, ours: Object) -> Object:
    """``existing`` without what :func:`merged` puts in; who used our context has none after it."""
    result = dict(existing)
    for name in _LISTS:
        names = {each["name"] for each in ours[name]}
        result[name] = [each for each in existing.get(name) or () if each.get("name") not in names]
    if result.get("current-context") == ours["current-context"]:
        result["current-context"] = ""
    return result


def _encoded(content: str) -> str:
    return base64.b64encode(content.encode()).decode()
