"""What is wrong with a pod template of which little is said."""

from typing import Any

from tests.unit.kube.kinds.objects import container, pod_spec, said
from wherry.kube.kinds.podspec import default_pod_template, validate_pod_template
from wherry.kube.machinery.fielderrors import Path


def wrong_spec(**fields: Any) -> list[str]:
    """Of a template whose spec has these fields."""
    return wrong_template(spec=pod_spec(**fields) if "containers" not in fields else fields)


def wrong_container(**fields: Any) -> list[str]:
    """Of a template whose only container has these fields."""
    return wrong_template(spec=pod_spec(container(**fields)))


def wrong_template(**fields: Any) -> list[str]:
    default_pod_template(fields)
    return said(validate_pod_template(fields, Path("t")))
