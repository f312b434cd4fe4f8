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


def conform(obj: Object, schema: Schema, known: Object | None = None) -> list[str]:
    """Make ``obj``, in place, what the API's type can hold. Gives ``unknown field "spec.foo"`` for what went, at most
    a hundred. ``known`` conforms already: fields that ``obj`` has of it, the same objects, are not looked into.
    Idempotent. Raises :class:`Mistyped`, and ``obj`` is then half done."""
    unknown = Unknown()
    check = compiled(schema)
    if check is None:
        return []
    if known is None:
        check(obj, None, unknown)
    else:
        looked_at = {name: value for name, value in obj.items() if known.get(name) is not value}
        names = tuple(looked_at)
        check(looked_at, None, unknown)
        for name in names:
            if name in looked_at:
                obj[name] = looked_at[name]
            else:
                del obj[name]
    return unknown.texts()
