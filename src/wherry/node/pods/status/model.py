"""What a status is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from wherry.kube.machinery.model import Object
from wherry.node.pods.admission import Refusal
from wherry.node.pods.life.model import Facts, Plan


@dataclass(frozen=True, slots=True)
class Report:
    """``facts.pod`` has the status that the API has. ``begun``: when the node took it on. ``last_ips``: addresses that
    it has, or had. ``messages``: last words of containers that have ended, by their ids. ``resources``: what containers
    were given, by their names; ``conditions``: more of them than follow from the rest (of resizing). ``has_stopped``:
    it had to end, or has ended, and nothing of it runs any more."""

    facts: Facts
    plan: Plan
    now: datetime
    begun: datetime
    host_ips: Sequence[str] = ()
    last_ips: Sequence[str] = ()
    messages: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Object] = field(default_factory=dict)
    conditions: Sequence[Object] = ()
    refusal: Refusal | None = None
    has_stopped: bool = False
