"""Manifests, indexes and image configurations: OCI's (image-spec 1.1) and Docker's (Image Manifest V2, Schema 2).

Decoding is for reading: unknown members are dropped. What a digest names are the bytes, which the content store keeps.
Members that Go's decoder reads as empty when they are ``null`` are read so here.
"""

from typing import Any

import msgspec
from msgspec import Struct, field

from wherry.oci.digest import Digest

Empty = dict[str, Any]
"""Go's ``struct{}`` in a set: an object nobody looks into."""


_VERSION_2: int = field(default_factory=lambda: 2)  # a factory's value is written although it is the default


class Wire(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document's part: values equal to the default are left out when encoded."""


class Platform(Wire, frozen=True, kw_only=True):
    """image-spec image-index.md "platform"."""

    architecture: str = ""
    os: str = ""
    os_version: str = field(default="", name="os.version")
    os_features: list[str] | None = field(default=None, name="os.features")
    variant: str = ""


class Descriptor(Wire, frozen=True, kw_only=True, rename="camel"):
    """image-spec descriptor.md. ``digest`` is checked to be one; ``size`` is in bytes."""

    media_type: str
    digest: str
    size: int
    urls: list[str] | None = None
    annotations: dict[str, str] | None = None
    platform: Platform | None = None
    artifact_type: str | None = None

    def __post_init__(self) -> None:
        try:
            Digest.parse(self.digest)
        except Exception as error:
            raise ValueError(f"{error} ({self.digest[:80]!r})") from error
        if self.size < 0:
            raise ValueError(f"descriptor of {self.digest} has a negative size")


class Manifest(Wire, frozen=True, kw_only=True, rename="camel"):
    """image-spec manifest.md. ``layers`` run from the lowest up."""

    schema_version: int = _VERSION_2
    media_type: str
    config: Descriptor
    layers: list[Descriptor]
    annotations: dict[str, str] | None = None
    subject: Descriptor | None = None
    artifact_type: str | None = None


class Index(Wire, frozen=True, kw_only=True, rename="camel"):
    """image-spec image-index.md, or Docker's manifest list."""

    schema_version: int = _VERSION_2
    media_type: str
    manifests: list[Descriptor]
    annotations: dict[str, str] | None = None
    subject: Descriptor | None = None
    artifact_type: str | None = None


class Healthcheck(Wire, frozen=True, kw_only=True, rename="pascal"):
    """Docker's HealthcheckConfig: durations in nanoseconds, 0 is "inherit"; an empty ``test`` too."""

    test: list[str] | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class ContainerConfig(Wire, frozen=True, kw_only=True, rename="pascal"):
    """image-spec config.md "config", with what Docker adds. None is absent, which an empty list is not always."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: dict[str, Empty | None] | None = None
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: list[str] | None = None
    cmd: list[str] | None = None
    healthcheck: Healthcheck | None = None
    args_escaped: bool = False
    image: str = ""
    volumes: dict[str, Empty | None] | None = None
    working_dir: str = ""
    entrypoint: list[str] | None = None
    network_disabled: bool = False
    mac_address: str = ""
    on_build: list[str] | None = None
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    stop_timeout: int | None = None
    shell: list[str] | None = None


class History(Wire, frozen=True, kw_only=True):
    """One step of the build; ``empty_layer`` steps have no entry in ``rootfs.diff_ids``."""

    created: str | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class RootFs(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """``diff_ids``: digests of the uncompressed layers, from the lowest up."""

    type: str = "layers"
    diff_ids: list[str] = []


class ImageConfig(Wire, frozen=True, kw_only=True):
    """image-spec config.md. Its bytes' digest is Docker's image id."""

    created: str | None = None
    author: str = ""
    architecture: str = ""
    variant: str = ""
    os: str = ""
    os_version: str = field(default="", name="os.version")
    os_features: list[str] | None = field(default=None, name="os.features")
    config: ContainerConfig = ContainerConfig()
    rootfs: RootFs = RootFs()
    history: list[History] = []
    comment: str = ""
    docker_version: str = ""
    container: str = ""
    container_config: ContainerConfig | None = None
    parent: str = ""


def encode(document: Struct) -> bytes:
    """The JSON of a document, members in the order of the specification."""
    return msgspec.json.encode(document)
