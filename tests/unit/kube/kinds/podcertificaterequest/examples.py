"""A request to test with."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.kube.kinds.signing.examples import base64_of, request
from wherry.kube.machinery.model import Object


def asked(**fields: Any) -> Object:
    who = {f"{name}{what}": "x" for name in ("pod", "serviceAccount", "node") for what in ("Name", "UID")}
    return {"signerName": "example.com/s", "stubPKCS10Request": base64_of(request(Encoding.DER)), **who, **fields}
