"""Secrets on their way to the store (ValidateSecret, ValidateSecretUpdate)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence

import msgspec

from wherry.kube.kinds.checking import immutable, set_default
from wherry.kube.kinds.keyed import MAX_BYTES, are_too_long, frozen, validate_keys
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required, too_long
from wherry.kube.machinery.model import Object

_DATA = Path("data")
_ACCOUNT = "kubernetes.io/service-account.name"
_DOCKER = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}


class SecretStrategy(Strategy):
    """See the module. Bytes are base64 texts here as on the wire."""

    def default(self, obj: Object) -> None:
        set_default(obj, type="Opaque")
        plain = obj.pop("stringData", None)
        if plain:
            encoded = {key: b64encode(text.encode("utf-8", "surrogatepass")).decode() for key, text in plain.items()}
            obj["data"] = {**(obj.get("data") or {}), **encoded}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        data = obj.get("data") or {}
        errors = validate_keys(data, _DATA)
        if are_too_long((), data.values()):
            errors.append(too_long(_DATA, "", MAX_BYTES))
        return errors + _validate_type(obj, data)

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        errors = immutable(Path("type"), obj.get("type", ""), old.get("type", ""))
        return [*errors, *frozen(obj, old, "data"), *self.validate(obj, context)]


def _validate_type(secret: Object, data: Object) -> list[FieldError]:
    """What secrets of a known type must have."""
    kind = secret.get("type", "")
    if kind == "kubernetes.io/service-account-token":
        annotations = secret["metadata"].get("annotations") or {}
        at = Path("metadata").child("annotations").key(_ACCOUNT)
        return [] if annotations.get(_ACCOUNT) else [required(at)]
    if kind in _DOCKER:
        return _validate_json(data, _DOCKER[kind])
    if kind == "kubernetes.io/basic-auth":
        names = ("username", "password")
        return [] if any(name in data for name in names) else [required(_DATA.key(name)) for name in names]
    if kind == "kubernetes.io/ssh-auth":
        return [] if data.get("ssh-privatekey") else [required(_DATA.key("ssh-privatekey"))]
    if kind == "kubernetes.io/tls":
        return [required(_DATA.key(name)) for name in ("tls.crt", "tls.key") if name not in data]
    return []


def _validate_json(data: Object, key: str) -> list[FieldError]:
    if key not in data:
        return [required(_DATA.key(key))]
    try:
        content = b64decode(data[key] or "")
        msgspec.json.decode(content or b"", type=dict[str, object])
    except (binascii.Error, msgspec.DecodeError) as error:
        why = "unexpected end of JSON input" if not data[key] else str(error)
        return [invalid(_DATA.key(key), "<secret contents redacted>", why)]
    return []
