"""``docker info``: what this engine is, has and can."""

import hashlib
import os
import platform
import sys
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wherry import __version__
from wherry.dockerapi import host
from wherry.dockerapi.services import ContainerCounter, ImageCounter, ListenerCounter, RegistryConfig
from wherry.engine.instance import Instance

INDEX = "https://index.docker.io/v1/"


class Info:
    """Makes the document of ``GET /info``. What cannot change while the engine runs is read once."""

    def __init__(
        self,
        instance: Instance,
        containers: ContainerCounter,
        images: ImageCounter,
        events: ListenerCounter,
        registries: RegistryConfig,
    ) -> None:
        self._instance = instance
        self._containers = containers
        self._images = images
        self._events = events
        self._cgroups = host.cgroup_support()
        self._fixed = {
            **_machine(),
            **_fixed(instance),
            **_limits(self._cgroups),
            "RegistryConfig": registries.document(),
        }

    def document(self, version: int) -> dict[str, Any]:
        """The document for an API version."""
        forwarding = host.forwards_ipv4()
        document = {
            **self._fixed,
            **self._counts(),
            "IPv4Forwarding": forwarding,
            "Warnings": self._cgroups.warnings(forwarding) or None,
            "SystemTime": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "NFd": len(os.listdir("/proc/self/fd")),
            "NGoroutines": threading.active_count(),
            "NEventsListener": self._events.listener_count,
        }
        if version < 50:
            document |= {"BridgeNfIptables": False, "BridgeNfIp6tables": False}
        if version >= 49:
            document["FirewallBackend"] = {"Driver": "nftables"}
        return document

    def _counts(self) -> dict[str, int]:
        states = Counter(self._containers.states())
        running = states["running"] + states["restarting"]
        return {
            "Containers": states.total(),
            "ContainersRunning": running,
            "ContainersPaused": states["paused"],
            "ContainersStopped": states.total() - running - states["paused"],
            "Images": self._images.count(),
        }


def _machine() -> dict[str, Any]:
    name, version = host.operating_system()
    return {
        "KernelVersion": platform.release(),
        "OperatingSystem": name,
        "OSVersion": version,
        "OSType": sys.platform,
        "Architecture": platform.machine(),
        "NCPU": len(os.sched_getaffinity(0)),
        "MemTotal": host.memory_bytes(),
        "Name": platform.node(),
        "HttpProxy": os.environ.get("HTTP_PROXY", ""),
        "HttpsProxy": os.environ.get("HTTPS_PROXY", ""),
        "NoProxy": os.environ.get("NO_PROXY", ""),
    }


def _fixed(instance: Instance) -> dict[str, Any]:
    return {
        "ID": _engine_id(instance),
        "Driver": "overlayfs",
        "DriverStatus": [["driver-type", "wherry.overlayfs"], ["Id-mapped layers", "true"]],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null"],
            "Authorization": None,
            "Log": ["json-file", "local"],
        },
        "LoggingDriver": "json-file",
        "Debug": False,
        "IndexServerAddress": INDEX,
        "GenericResources": None,
        "DockerRootDir": str(instance.root),
        "Labels": [],
        "ExperimentalBuild": False,
        "ServerVersion": __version__,
        "Runtimes": {"wherry": {"path": "wherry"}, "runc": {"path": "runc"}},
        "DefaultRuntime": "wherry",
        "Swarm": _no_swarm(),
        "LiveRestoreEnabled": True,
        "Isolation": "",
        "InitBinary": "wherry-init",
        "ContainerdCommit": {"ID": ""},
        "RuncCommit": {"ID": ""},
        "InitCommit": {"ID": ""},
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=userns", "name=cgroupns"],
        "ProductLicense": "Apache-2.0",
        "DefaultAddressPools": None,
        "CDISpecDirs": [],
    }


def _limits(cgroups: host.CgroupSupport) -> dict[str, Any]:
    return {
        "MemoryLimit": cgroups.memory,
        "SwapLimit": cgroups.swap,
        "CpuCfsPeriod": cgroups.cpu_quota,
        "CpuCfsQuota": cgroups.cpu_quota,
        "CPUShares": cgroups.cpu_shares,
        "CPUSet": cgroups.cpuset,
        "PidsLimit": cgroups.pids,
        "OomKillDisable": cgroups.oom_kill_disable,
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": str(cgroups.version),
    }


def _no_swarm() -> dict[str, Any]:
    return {
        "NodeID": "",
        "NodeAddr": "",
        "LocalNodeState": "inactive",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": None,
    }


def _engine_id(instance: Instance) -> str:
    """Stable for a machine and a root, as Docker's is."""
    machine = host.read(Path("/etc/machine-id")).strip()
    return str(uuid.UUID(bytes=hashlib.sha256(f"{machine}:{instance.root}".encode()).digest()[:16]))
