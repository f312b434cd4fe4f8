"""What a manager owns of an object: the configuration to apply again, changed (apimachinery,
pkg/util/managedfields/extract.go)."""

from wherry.kube.machinery.apply.entries import decoded
from wherry.kube.machinery.apply.managed import bare, managed_fields
from wherry.kube.machinery.apply.removal import extracted
from wherry.kube.machinery.apply.shapes import of_object
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.values import copied
from wherry.kube.machinery.schema.model import Schema


def extract(obj: Object, manager_name: str, schema: Schema, subresource: str = "") -> Object:
    """The fields that a manager has applied, the keys of the elements that they are in, and the object's identity.

    Nothing but the identity when it has applied nothing. Shares nothing with ``obj``. Raises ValueError when the
    object's managedFields make no sense.
    """
    found: Object = {}
    for owner, entry in decoded(managed_fields(obj)).items():
        if (owner.manager, owner.operation, owner.subresource) == (manager_name, "Apply", subresource):
            found = copied(extracted(bare(obj), entry.fields, of_object(schema)))
    metadata = obj.get("metadata") or {}
    identity = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    top: Object = {key: obj[key] for key in ("apiVersion", "kind") if key in obj}
    return {**top, **found, "metadata": {**identity, **found.get("metadata", {})}}
