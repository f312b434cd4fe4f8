"""What a stage is between two instructions: layers, settings, variables, history. Frozen; pure."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.layers import Layer, chain
from wherry.engine.dockerfile.history import COMMENT, created_by
from wherry.engine.dockerfile.model import Instruction
from wherry.engine.dockerfile.scope import Scope
from wherry.engine.dockerfile.settings import Settings
from wherry.kit.errors import Invalid
from wherry.linux.overlay import LAYERS_LIMIT
from wherry.oci import mediatypes
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES
from wherry.oci.model import ContainerConfig, History
from wherry.oci.platform import Platform

_HISTORY_LIMIT = DOCUMENT_LIMIT_BYTES // 4  # a character is up to four bytes


def moment(seconds: int) -> str:
    """RFC 3339, as image configurations have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class State:
    """``epoch_seconds``: the time that everything made in this stage has; None: the time when it was made.

    ``base_layers``: how many of the layers are the base image's. ``said``: characters of the history that is new.
    """

    platform: Platform
    epoch_seconds: int | None
    settings: Settings = field(default_factory=lambda: Settings(ContainerConfig()))
    scope: Scope = field(default_factory=Scope)
    layers: tuple[Layer, ...] = ()
    history: tuple[History, ...] = ()
    base_layers: int = 0
    said: int = 0

    @property
    def config(self) -> ContainerConfig:
        return self.settings.config

    @property
    def chain_ids(self) -> list[str]:
        return chain(self.layers)

    @property
    def short_id(self) -> str:
        """A name for what is there so far, for people."""
        return self.chain_ids[-1].removeprefix("sha256:")[:12] if self.layers else "scratch"

    def after(self, instruction: Instruction, made: CachedLayer | None, now_seconds: int) -> "State":
        """With the instruction in the history, and the layer that it made, if any.

        Invalid for one layer too many, or a history that no image could have.

        Settings and scope are after the instruction already.
        """
        text = created_by(instruction, self.config, self.scope)
        if not text:
            return self
        said = self.said + len(text)
        if said > _HISTORY_LIMIT:
            raise Invalid(
                "the instructions with all their variables are longer than the configuration of an image may be"
            )
        created = self.epoch_seconds if self.epoch_seconds is not None else now_seconds
        entry = History(
            created=moment(created),
            created_by=text,
            author=self.settings.author,
            comment=COMMENT,
            empty_layer=made is None,
        )
        history = (*self.history, entry)
        if made is None:
            return replace(self, history=history, said=said)
        if len(self.layers) == LAYERS_LIMIT:
            raise Invalid(f"too many layers: the kernel merges {LAYERS_LIMIT} at most; do more in one instruction")
        layer = Layer(made.diff_id, made.blob, made.blob_bytes, mediatypes.OCI_LAYER_GZIP, made.unpacked_bytes)
        return replace(self, history=history, layers=(*self.layers, layer), said=said)
