"""What a container is: Docker's own documents as they are received, kept and given back, and its states.

The structures carry Docker's names, because inspect must give back what create was given (Docker Engine API 1.51,
ContainerConfig and HostConfig). Fields that mean nothing here (Windows, swarm) are accepted and dropped.
"""

from enum import StrEnum
from typing import Any

import msgspec


class Document(msgspec.Struct, kw_only=True, omit_defaults=False):
    """Docker's JSON; null means the same as absent."""


class HealthcheckConfig(Document):
    """Durations are nanoseconds; 0, and no words, mean the usual."""

    Test: list[str] | None = None
    Interval: int = 0
    Timeout: int = 0
    Retries: int = 0
    StartPeriod: int = 0
    StartInterval: int = 0


class Config(Document):
    """What runs: command, environment, user (ContainerConfig)."""

    Hostname: str = ""
    Domainname: str = ""
    User: str = ""
    AttachStdin: bool = False
    AttachStdout: bool = False
    AttachStderr: bool = False
    ExposedPorts: dict[str, Any] | None = None
    Tty: bool = False
    OpenStdin: bool = False
    StdinOnce: bool = False
    Env: list[str] | None = None
    Cmd: list[str] | str | None = None
    Healthcheck: HealthcheckConfig | None = None
    ArgsEscaped: bool = False
    Image: str = ""
    Volumes: dict[str, Any] | None = None
    WorkingDir: str = ""
    Entrypoint: list[str] | str | None = None
    NetworkDisabled: bool | None = None
    MacAddress: str | None = None
    OnBuild: list[str] | None = None
    Labels: dict[str, str] | None = None
    StopSignal: str | None = None
    StopTimeout: int | None = None
    Shell: list[str] | None = None


class LogSettings(Document):
    Type: str = ""
    Config: dict[str, str] | None = None


class RestartRule(Document):
    Name: str = ""
    MaximumRetryCount: int = 0


class HostPlace(Document):
    """A place on the host that a port is published at."""

    HostIp: str = ""
    HostPort: str = ""


class Ulimit(Document):
    Name: str = ""
    Hard: int = 0
    Soft: int = 0


class DeviceMapping(Document):
    PathOnHost: str = ""
    PathInContainer: str = ""
    CgroupPermissions: str = "rwm"


class ThrottleDevice(Document):
    Path: str = ""
    Rate: int = 0
    Weight: int = 0


class MountBindOptions(Document):
    Propagation: str = ""
    NonRecursive: bool = False
    CreateMountpoint: bool = False
    ReadOnlyNonRecursive: bool = False
    ReadOnlyForceRecursive: bool = False


class VolumeDriverConfig(Document):
    Name: str = ""
    Options: dict[str, str] | None = None


class MountVolumeOptions(Document):
    NoCopy: bool = False
    Labels: dict[str, str] | None = None
    DriverConfig: VolumeDriverConfig | None = None
    Subpath: str = ""


class MountTmpfsOptions(Document):
    SizeBytes: int = 0
    Mode: int = 0
    Options: list[list[str]] | None = None


class MountImageOptions(Document):
    Subpath: str = ""


class Mount(Document):
    """An entry of HostConfig.Mounts (``--mount``)."""

    Type: str = ""
    Source: str = ""
    Target: str = ""
    ReadOnly: bool = False
    Consistency: str = ""
    BindOptions: MountBindOptions | None = None
    VolumeOptions: MountVolumeOptions | None = None
    TmpfsOptions: MountTmpfsOptions | None = None
    ImageOptions: MountImageOptions | None = None


class Resources(Document):
    """The limits that can be changed later, too."""

    CpuShares: int = 0
    Memory: int = 0
    NanoCpus: int = 0
    CgroupParent: str = ""
    BlkioWeight: int = 0
    BlkioWeightDevice: list[ThrottleDevice] | None = None
    BlkioDeviceReadBps: list[ThrottleDevice] | None = None
    BlkioDeviceWriteBps: list[ThrottleDevice] | None = None
    BlkioDeviceReadIOps: list[ThrottleDevice] | None = None
    BlkioDeviceWriteIOps: list[ThrottleDevice] | None = None
    CpuPeriod: int = 0
    CpuQuota: int = 0
    CpuRealtimePeriod: int = 0
    CpuRealtimeRuntime: int = 0
    CpusetCpus: str = ""
    CpusetMems: str = ""
    Devices: list[DeviceMapping] | None = None
    DeviceCgroupRules: list[str] | None = None
    DeviceRequests: list[dict[str, Any]] | None = None
    MemoryReservation: int = 0
    MemorySwap: int = 0
    MemorySwappiness: int | None = None
    OomKillDisable: bool | None = None
    PidsLimit: int | None = None
    Ulimits: list[Ulimit] | None = None
    KernelMemory: int = 0
    CpuCount: int = 0
    CpuPercent: int = 0
    IOMaximumIOps: int = 0
    IOMaximumBandwidth: int = 0


class UpdateConfig(Resources):
    RestartPolicy: RestartRule | None = None


class HostConfig(Resources):
    """How it is isolated and limited, and what of the host it gets."""

    Binds: list[str] | None = None
    ContainerIDFile: str = ""
    LogConfig: LogSettings = msgspec.field(default_factory=LogSettings)
    NetworkMode: str = ""
    PortBindings: dict[str, list[HostPlace] | None] | None = None
    RestartPolicy: RestartRule = msgspec.field(default_factory=RestartRule)
    AutoRemove: bool = False
    VolumeDriver: str = ""
    VolumesFrom: list[str] | None = None
    ConsoleSize: list[int] = msgspec.field(default_factory=lambda: [0, 0])
    Annotations: dict[str, str] | None = None
    CapAdd: list[str] | None = None
    CapDrop: list[str] | None = None
    CgroupnsMode: str = ""
    Dns: list[str] | None = None
    DnsOptions: list[str] | None = None
    DnsSearch: list[str] | None = None
    ExtraHosts: list[str] | None = None
    GroupAdd: list[str] | None = None
    IpcMode: str = ""
    Cgroup: str = ""
    Links: list[str] | None = None
    OomScoreAdj: int = 0
    PidMode: str = ""
    Privileged: bool = False
    PublishAllPorts: bool = False
    ReadonlyRootfs: bool = False
    SecurityOpt: list[str] | None = None
    StorageOpt: dict[str, str] | None = None
    Tmpfs: dict[str, str] | None = None
    UTSMode: str = ""
    UsernsMode: str = ""
    ShmSize: int = 0
    Sysctls: dict[str, str] | None = None
    Runtime: str = ""
    Isolation: str = ""
    Mounts: list[Mount] | None = None
    MaskedPaths: list[str] | None = None
    ReadonlyPaths: list[str] | None = None
    Init: bool | None = None


class EndpointSettings(Document):
    IPAMConfig: dict[str, Any] | None = None
    Links: list[str] | None = None
    Aliases: list[str] | None = None
    MacAddress: str = ""
    DriverOpts: dict[str, str] | None = None
    GwPriority: int = 0
    NetworkID: str = ""
    EndpointID: str = ""
    Gateway: str = ""
    IPAddress: str = ""
    IPPrefixLen: int = 0
    IPv6Gateway: str = ""
    GlobalIPv6Address: str = ""
    GlobalIPv6PrefixLen: int = 0
    DNSNames: list[str] | None = None


class NetworkingConfig(Document):
    EndpointsConfig: dict[str, EndpointSettings | None] | None = None


class ExecConfig(Document):
    """What an exec runs."""

    User: str = ""
    Privileged: bool = False
    Tty: bool = False
    ConsoleSize: list[int] | None = None
    AttachStdin: bool = False
    AttachStderr: bool = False
    AttachStdout: bool = False
    Detach: bool = False
    DetachKeys: str = ""
    Env: list[str] | None = None
    WorkingDir: str = ""
    Cmd: list[str] | None = None


class State(StrEnum):
    """Docker's states of a container."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.CREATED: frozenset({State.RUNNING, State.EXITED, State.REMOVING}),
    State.RUNNING: frozenset({State.PAUSED, State.EXITED, State.RESTARTING, State.REMOVING}),
    State.PAUSED: frozenset({State.RUNNING, State.EXITED, State.RESTARTING, State.REMOVING}),
    State.RESTARTING: frozenset({State.RUNNING, State.EXITED, State.REMOVING, State.RESTARTING}),
    State.EXITED: frozenset({State.RUNNING, State.REMOVING, State.EXITED}),
    State.REMOVING: frozenset({State.DEAD}),
    State.DEAD: frozenset({State.REMOVING}),
}
