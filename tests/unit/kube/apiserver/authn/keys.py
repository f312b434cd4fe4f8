"""Keys, an issuer and objects for tests of tokens."""

from typing import Any

from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.authn.tokens import Trust
from wherry.kube.machinery.model import Object
from wherry.kube.pki.der import pem, pem_blocks
from wherry.kube.pki.making import make_signing_key
from wherry.kube.pki.model import PRIVATE_KEY, PUBLIC_KEY, SigningKey

ISSUER = "https://kubernetes.default.svc.cluster.local"
NOW = 1_800_000_000.0


def signing_key() -> SigningKey:
    text = make_signing_key()
    return SigningKey(pem_blocks(text, PUBLIC_KEY)[0], pem(PRIVATE_KEY, pem_blocks(text, PRIVATE_KEY)[0]))


KEY = signing_key()


def trust(*keys: SigningKey, issuers: tuple[str, ...] = (ISSUER,), audiences: tuple[str, ...] = (ISSUER,)) -> Trust:
    return Trust(KeySet(keys or (KEY,)), issuers, audiences)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def thing(kind: str, name: str, uid: str, namespace: str = "a", **fields: Any) -> Object:
    meta = {"name": name, "uid": uid, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": {**meta, **fields.pop("meta", {})}, **fields}


ACCOUNT = thing("ServiceAccount", "robot", "sa-1")
POD = thing("Pod", "web", "pod-1", spec={"serviceAccountName": "robot", "nodeName": "n1"})
SECRET = thing("Secret", "key", "secret-1")
NODE = thing("Node", "n1", "node-1", namespace="")


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones, of a token for :data:`POD`; a change of None leaves out."""
    found = {
        "iss": ISSUER,
        "sub": "system:serviceaccount:a:robot",
        "aud": [ISSUER],
        "exp": NOW + 3600,
        "iat": NOW,
        "nbf": NOW,
        "jti": "id-1",
        "kubernetes.io": {
            "namespace": "a",
            "serviceaccount": {"name": "robot", "uid": "sa-1"},
            "pod": {"name": "web", "uid": "pod-1"},
            "node": {"name": "n1", "uid": "node-1"},
        },
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}
