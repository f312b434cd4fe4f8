"""Kinds that have a status but no ``metadata.generation``: nobody asks how far a controller has come with them."""

from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery.model import Object


class Uncounted(Strategy):
    """A strategy for such a kind."""

    def prepare_create(self, obj: Object, context: Context) -> None:
        obj["metadata"].pop("generation", None)

    def generation_counts(self, obj: Object, old: Object) -> bool:
        return False
