"""Rules of VolumeAttachments (k8s.io/kubernetes pkg/apis/storage)."""

from collections.abc import Sequence

from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, STATUS, Found, csi_driver_name, longest
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required, too_long
from wherry.kube.machinery.model import Object

_MAX_METADATA_BYTES, _MAX_MESSAGE_BYTES, _MAX_INT32 = 256 * 1024, 1024, 2**31 - 1
_EXACTLY_ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


class VolumeAttachmentStrategy(Strategy):
    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["status"] = {"attached": False}

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        node = spec.get("nodeName", "")
        found = csi_driver_name(SPEC.child("attacher"), spec.get("attacher", ""))
        found += _validate_source(spec.get("source", {}), SPEC.child("source"))
        return found + names.complain(SPEC.child("nodeName"), node, names.dns1123_subdomain(node))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        return [*self.validate(obj, context), *immutable(SPEC, obj.get("spec"), old.get("spec"))]

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        status = obj.get("status", {})
        noted = status.get("attachmentMetadata") or {}
        found: Found = []
        if sum(len(key.encode()) + len(value.encode()) for key, value in noted.items()) > _MAX_METADATA_BYTES:
            found.append(too_long(STATUS.child("attachmentMetadata"), "", _MAX_METADATA_BYTES))
        for name in ("attachError", "detachError"):
            if status.get(name) is not None:
                found += _validate_error(status[name], STATUS.child(name))
        return found


def _validate_source(source: Object, path: Path) -> Found:
    volume, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    if volume is None and inline is None:
        return [required(path, _EXACTLY_ONE)]
    if volume is not None and inline is not None:
        return [forbidden(path, _EXACTLY_ONE)]
    where = path.child("persistentVolumeName")
    if volume is None:
        return []
    if not volume:
        return [required(where, "must specify non empty persistentVolumeName")]
    return names.complain(where, volume, names.dns1123_subdomain(volume))


def _validate_error(error: Object, path: Path) -> Found:
    found, code = longest(path.child("message"), error.get("message", ""), _MAX_MESSAGE_BYTES), error.get("errorCode")
    if code is not None and code < 0:
        found.append(invalid(path.child("errorCode"), code, names.in_range(0, _MAX_INT32)))
    return found
