"""What a stage is between two instructions: its layers, its configuration, its history. Frozen; pure."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.layers import Layer, chain
from wherry.oci import mediatypes
from wherry.oci.model import ContainerConfig, History
from wherry.oci.platform import Platform

COMMENT = "wherry.build.v1"


def moment(seconds: int) -> str:
    """RFC 3339, as image configurations have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class State:
    """``epoch_seconds``: the time that everything made in this stage has; None: the time that it was made.

    ``base_layers`` of the layers are the base image's.
    """

    platform: Platform
    epoch_seconds: int | None
    config: ContainerConfig = field(default_factory=ContainerConfig)
    layers: tuple[Layer, ...] = ()
    history: tuple[History, ...] = ()
    author: str = ""
    base_layers: int = 0

    @property
    def chain_ids(self) -> list[str]:
        return chain(self.layers)

    def configured(self, config: ContainerConfig, created_by: str, now_seconds: int) -> "State":
        """After an instruction that adds no layer."""
        return replace(self, config=config, history=(*self.history, self._entry(created_by, now_seconds, True)))

    def grown(self, made: CachedLayer, created_by: str, now_seconds: int) -> "State":
        """After an instruction that added a layer."""
        layer = Layer(made.diff_id, made.blob, made.blob_bytes, mediatypes.OCI_LAYER_GZIP, made.unpacked_bytes)
        entry = self._entry(created_by, now_seconds, False)
        return replace(self, layers=(*self.layers, layer), history=(*self.history, entry))

    def _entry(self, created_by: str, now_seconds: int, is_empty: bool) -> History:
        created = self.epoch_seconds if self.epoch_seconds is not None else now_seconds
        return History(
            created=moment(created), created_by=created_by, author=self.author, comment=COMMENT, empty_layer=is_empty
        )
