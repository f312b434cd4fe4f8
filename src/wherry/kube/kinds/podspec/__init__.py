"""What pods and everything with a pod template have in common: defaults and rules of PodSpec and PodTemplateSpec.

Users take :func:`default_pod_spec`, :func:`validate_pod_template` and :func:`validate_pod_spec`; the files beside this
one hold a group of fields each. The words and paths are those of pkg/apis/core/validation. Import it from a
``strategy.py``, not from a kind's ``__init__.py``: it is large.
"""

from wherry.kube.kinds.podspec.defaults import default_pod_spec, default_pod_template
from wherry.kube.kinds.podspec.spec import (
    PodContext,
    validate_pod_spec,
    validate_pod_template,
    validate_pod_template_for_controller,
)
from wherry.kube.kinds.podspec.warnings import pod_spec_warnings, pod_template_warnings

__all__ = [
    "PodContext",
    "default_pod_spec",
    "default_pod_template",
    "pod_spec_warnings",
    "pod_template_warnings",
    "validate_pod_spec",
    "validate_pod_template",
    "validate_pod_template_for_controller",
]
