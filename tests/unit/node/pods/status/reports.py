"""Reports about pods, for tests of statuses."""

from datetime import UTC, datetime

from tests.unit.node.pods.life.facts import facts
from wherry.kube.machinery.model import Object
from wherry.node.pods.life.model import Plan
from wherry.node.pods.runtime import Container
from wherry.node.pods.status.model import Report

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW_TEXT = "2026-01-02T03:04:05Z"


def report(made: Object | None = None, *runs: Container, **more: object) -> Report:
    """``waiting`` is the plan's; what Facts has goes there."""
    own = {name: more.pop(name) for name in list(more) if name in Report.__dataclass_fields__}
    waiting = more.pop("waiting", {})
    plan = Plan(waiting=waiting)  # type: ignore[arg-type]
    usual: dict[str, object] = {"host_ips": ("192.0.2.1",), "plan": plan, "now": NOW, "begun": NOW, **own}
    return Report(facts(made, *runs, **more), **usual)  # type: ignore[arg-type]
