"""What Go's decoder makes of an object of a built-in kind (sigs.k8s.io/json into k8s.io/api's types).

A null is as good as absent, and the zero of its type in a list or a map; a field that the type has not is dropped and
told of; a value of another type is refused. Beyond that an object stays as it was written: what Go leaves out because
it is empty stays, and nothing is filled in.

Every schema is made into functions once (:mod:`.decoding`); checking an object is calling them.
"""

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.decoding import Mistyped, Unknown, compiled
from wherry.kube.machinery.schema.model import Schema

__all__ = ["Mistyped", "conform"]


def conform(obj: Object, schema: Schema) -> list[str]:
    """Make ``obj``, in place, what the API's type can hold. Gives ``unknown field "spec.foo"`` for what went, at most
    a hundred. Idempotent. Raises :class:`Mistyped`, and ``obj`` is then half done."""
    unknown = Unknown()
    check = compiled(schema)
    if check is None:
        return []
    check(obj, None, unknown)
    return unknown.texts()
