"""What has been worked out of schemas is remembered as long as there is room; custom kinds come and go, and theirs with
them."""

from wherry.kube.machinery.apply import creating, managed, shapes, typed

_REMEMBERING = (
    creating._object_of,
    creating._struct,
    creating._reads,
    managed._agrees,
    shapes._has_anything,
    shapes.list_shape,
    shapes.of_object,
    typed._form,
    typed._struct,
)


def forget_shapes() -> None:
    """Of all schemas: what is still used is soon worked out again."""
    for each in _REMEMBERING:
        each.cache_clear()
