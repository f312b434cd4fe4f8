"""Pod templates on their way to the store."""

from collections.abc import Sequence

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.podspec import default_pod_template, pod_template_warnings, validate_pod_template
from wherry.kube.machinery.fielderrors import FieldError, Path
from wherry.kube.machinery.model import Object

_TEMPLATE = Path("template")


class PodTemplateStrategy(Strategy):
    """See the module."""

    def default(self, obj: Object) -> None:
        default_pod_template(obj.setdefault("template", {}))

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        return validate_pod_template(obj.get("template"), _TEMPLATE)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        return pod_template_warnings(obj.get("template") or {}, _TEMPLATE)
