"""Config maps on their way to the store (ValidateConfigMap, ValidateConfigMapUpdate)."""

from collections.abc import Sequence

from wherry.kube.kinds.keyed import MAX_BYTES, are_too_long, frozen, validate_keys
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, too_long
from wherry.kube.machinery.model import Object

_TEXTS, _BYTES = Path("data"), Path("binaryData")


class ConfigMapStrategy(Strategy):
    """See the module."""

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        texts, binary = obj.get("data") or {}, obj.get("binaryData") or {}
        errors = validate_keys(texts, _TEXTS)
        if binary:
            both = "duplicate of key present in binaryData"
            errors += [invalid(_TEXTS.key(key), key, both) for key in texts if key in binary]
            errors += validate_keys(binary, _BYTES)
        if are_too_long(texts.values(), binary.values()):
            errors.append(too_long("[]", "", MAX_BYTES))  # as Go shows a path without a name
        return errors

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return [*frozen(obj, old, "data", "binaryData"), *self.validate(obj, context)]
