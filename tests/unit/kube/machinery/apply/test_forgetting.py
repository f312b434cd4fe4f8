"""Schemas that are no more are not kept for what was worked out of them."""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

from tests.unit.kube.machinery.patches.schemas import SPEC
from wherry.kube.machinery import apply
from wherry.kube.machinery.apply.creating import created
from wherry.kube.machinery.apply.forgetting import forget_shapes
from wherry.kube.machinery.apply.owning import field_set
from wherry.kube.machinery.apply.shapes import are_equal
from wherry.kube.machinery.apply.typed import typed


def remembering() -> Iterator[Any]:  # a wrapper of functools
    """Whatever in the package remembers something by its schema."""
    for module in pkgutil.iter_modules(apply.__path__):
        for each in vars(importlib.import_module(f"{apply.__name__}.{module.name}")).values():
            if isinstance(each, functools._lru_cache_wrapper) and takes_schema(each):
                yield each


def takes_schema(function: Any) -> bool:  # the same
    return any("Schema" in str(each.annotation) for each in inspect.signature(function).parameters.values())


def test_whatever_remembers_schemas_forgets_them() -> None:
    obj = {"items": [{"name": "a", "ports": [{"port": 80}]}], "args": ["x"], "finalizers": ["y"]}
    before = [read(obj, SPEC) for read in (created, typed, field_set)]
    assert are_equal(SPEC, obj, dict(obj))
    assert sum(each.cache_info().currsize > 0 for each in remembering()) >= 4
    forget_shapes()
    assert not sum(each.cache_info().currsize for each in remembering())
    assert [read(obj, SPEC) for read in (created, typed, field_set)] == before
