"""The draft of a deployment's sets: what a plan moves about before anything is done."""

from collections.abc import Callable, Iterable

import msgspec

from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.podcontrol.templates import HASH_LABEL, copied, is_same, template_hash
from wherry.kube.machinery.model import Object

_NAME_LENGTH = 253


class Draft(msgspec.Struct):
    """A set as it is to be. ``is_made``: it is there already, as ``obj``."""

    obj: Object
    size: int
    annotations: dict[str, str]
    min_ready_seconds: int
    is_made: bool = True
    is_to_go: bool = False

    @classmethod
    def of(cls, obj: Object) -> "Draft":
        min_ready = obj["spec"].get("minReadySeconds") or 0
        return cls(obj, view.replicas_of(obj), dict(view.annotations_of(obj)), min_ready)

    @property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @property
    def available(self) -> int:
        return view.reported(self.obj, "availableReplicas")

    @property
    def age(self) -> tuple[str, str]:
        """To sort by: the oldest first."""
        return self.obj["metadata"].get("creationTimestamp") or "9", self.name

    @property
    def result(self) -> Object:
        """The object as it is to be."""
        meta = {**self.obj["metadata"]}
        if self.annotations or "annotations" in meta:
            meta["annotations"] = self.annotations
        spec = {**self.obj["spec"], "replicas": self.size}
        if self.min_ready_seconds or "minReadySeconds" in spec:
            spec["minReadySeconds"] = self.min_ready_seconds
        return {**self.obj, "metadata": meta, "spec": spec}

    @property
    def is_changed(self) -> bool:
        return self.is_made and self.result != self.obj


class Board:
    """``old`` are sorted by age, the oldest first. ``new`` is None while there is no set of the template."""

    def __init__(self, deployment: Object, sets: Iterable[Object]) -> None:
        self.deployment = deployment
        self.replicas = view.replicas_of(deployment)
        drafts = sorted((Draft.of(each) for each in sets), key=lambda draft: draft.age)
        template = deployment["spec"]["template"]
        # The oldest of several: then it is always the same one (FindNewReplicaSet).
        self.new = next((each for each in drafts if is_same(each.obj["spec"]["template"], template)), None)
        self.old = [each for each in drafts if each is not self.new]

    @property
    def all(self) -> list[Draft]:
        return [*self.old, *([self.new] if self.new else ())]

    @property
    def active(self) -> list[Draft]:
        return [each for each in self.all if each.size > 0]

    @property
    def total(self) -> int:
        """Pods there are to be, of all sets."""
        return sum(each.size for each in self.all)

    def resize(self, draft: Draft, size: int) -> bool:
        """Whether that is another size. It learns of the deployment's either way."""
        differs, draft.size = draft.size != size, size
        draft.annotations |= view.size_annotations(self.deployment)
        return differs

    def settle_new(self) -> None:
        """The new set, if there is one, gets its revision and what else the deployment says of it."""
        if self.new is not None:
            self.new.annotations = view.new_annotations(self.deployment, self.new.annotations, self._next_revision())
            self.new.min_ready_seconds = self.deployment["spec"].get("minReadySeconds") or 0

    def make_new(self, reference: Callable[[Object], Object]) -> Draft:
        """The new set; a draft of one with as many pods as may be made at once, if there is none.
        ``reference`` makes an owner reference to the deployment."""
        if self.new is None:
            self.new = self._draft(reference(self.deployment))
            self.new.size = self.new_size()
        return self.new

    def new_size(self) -> int:
        """How large the new set may be now (NewRSNewReplicas)."""
        assert self.new is not None
        if not view.is_rolling(self.deployment):
            return self.replicas
        room = self.replicas + view.max_surge(self.deployment) - self.total
        if room <= 0:
            return self.new.size
        return self.new.size + min(room, self.replicas - self.new.size)

    def _next_revision(self) -> int:
        return max((view.revision_of(each.obj) for each in self.old), default=0) + 1

    def _draft(self, reference: Object) -> Draft:
        deployment = self.deployment
        spec, meta = deployment["spec"], deployment["metadata"]
        hashed = template_hash(spec["template"], view.reported(deployment, "collisionCount"))
        template = copied(spec["template"])
        labels = {**(template.get("metadata", {}).get("labels") or {}), HASH_LABEL: hashed}
        template["metadata"] = {**template.get("metadata", {}), "labels": labels}
        selector = spec.get("selector") or {}
        selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: hashed}}
        annotations = view.new_annotations(deployment, {}, self._next_revision()) | view.size_annotations(deployment)
        made = {
            "name": f"{meta['name'][: _NAME_LENGTH - len(hashed) - 1]}-{hashed}",
            "namespace": meta.get("namespace", ""),
            "labels": labels,
            "ownerReferences": [reference],
        }
        obj = {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": made,
            "spec": {"selector": selector, "template": template},
        }  # fmt: skip
        return Draft(obj, 0, annotations, spec.get("minReadySeconds") or 0, is_made=False)
