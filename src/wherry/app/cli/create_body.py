"""From the flags of ``run`` and ``create`` to the body of ``POST /containers/create``.

Pure, except that it reads the files which flags name.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from wherry.app.cli.parse import environment, limits, mounts, ports
from wherry.app.cli.parse.units import bytes_of, nanoseconds_of

Flags = Mapping[str, Any]
Body = dict[str, Any]


def body(image: str, command: Sequence[str], flags: Flags, own: Mapping[str, str] = os.environ) -> Body:
    """The request; raises ValueError naming the flag that is wrong. What was not given is left out."""
    port_bindings = ports.published(flags["publish"])
    binds, anonymous = mounts.volumes(flags["volume"])
    result = {
        **_config(image, command, flags, own),
        "Volumes": anonymous,
        "ExposedPorts": {port: {} for port in [*port_bindings, *ports.exposed(flags["expose"])]},
        "HostConfig": _host_config(flags, binds, port_bindings),
    }
    endpoints = _endpoints(flags)
    if endpoints:
        result["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    return _given(result)


def attached(flags: Flags, detach: bool) -> tuple[bool, bool, bool]:
    """Which of stdin, stdout and stderr the client will be connected to."""
    if detach:
        return False, False, False
    chosen = {stream.lower() for stream in flags["attach"]}
    unknown = chosen - {"stdin", "stdout", "stderr"}
    if unknown:
        raise ValueError(f"valid streams are STDIN, STDOUT and STDERR, not {', '.join(sorted(unknown))}")
    if chosen:
        return "stdin" in chosen, "stdout" in chosen, "stderr" in chosen
    return bool(flags["interactive"]), True, True


def _config(image: str, command: Sequence[str], flags: Flags, own: Mapping[str, str]) -> Body:
    stdin, stdout, stderr = attached(flags, bool(flags.get("detach")))
    entrypoint = flags["entrypoint"]
    return {
        "Image": image,
        "Cmd": list(command) or None,
        "Entrypoint": None if entrypoint is None else [entrypoint],
        "Hostname": flags["hostname"],
        "Domainname": flags["domainname"],
        "User": flags["user"],
        "WorkingDir": flags["workdir"],
        "Env": environment.environment(flags["env"], flags["env_file"], own),
        "Labels": environment.labels(flags["label"], flags["label_file"]),
        "AttachStdin": stdin,
        "AttachStdout": stdout,
        "AttachStderr": stderr,
        "Tty": flags["tty"],
        "OpenStdin": flags["interactive"],
        "StdinOnce": bool(flags["interactive"]) and not flags.get("detach"),
        "StopSignal": flags["stop_signal"],
        "StopTimeout": flags["stop_timeout"],
        "Healthcheck": _healthcheck(flags),
    }


def _healthcheck(flags: Flags) -> Body | None:
    given = {
        "Test": ["CMD-SHELL", flags["health_cmd"]] if flags["health_cmd"] else None,
        "Interval": _duration(flags, "health_interval"),
        "Timeout": _duration(flags, "health_timeout"),
        "StartPeriod": _duration(flags, "health_start_period"),
        "StartInterval": _duration(flags, "health_start_interval"),
        "Retries": flags["health_retries"],
    }
    check = {name: value for name, value in given.items() if value is not None}
    if flags["no_healthcheck"]:
        if check:
            raise ValueError("--no-healthcheck conflicts with --health-* options")
        return {"Test": ["NONE"]}
    return check or None


def _host_config(flags: Flags, binds: list[str], port_bindings: ports.Bindings) -> Body:
    if flags["rm"] and flags["restart"] not in (None, "", "no"):
        raise ValueError("conflicting options: cannot specify both --restart and --rm")
    return _given(
        {
            "Binds": binds,
            "Mounts": [mounts.mount(spec) for spec in flags["mount"]],
            "Tmpfs": mounts.tmpfs(flags["tmpfs"]),
            "VolumesFrom": list(flags["volumes_from"]),
            "VolumeDriver": flags["volume_driver"],
            "PortBindings": port_bindings,
            "PublishAllPorts": flags["publish_all"],
            "AutoRemove": flags["rm"],
            "RestartPolicy": limits.restart_policy(flags["restart"]) if flags["restart"] else None,
            "Init": True if flags["init"] else None,
            "ContainerIDFile": flags["cidfile"],
            "LogConfig": _log_config(flags),
            "Runtime": flags["runtime"],
            "Annotations": environment.pairs(flags["annotation"]),
            "StorageOpt": environment.pairs(flags["storage_opt"]),
            **_network(flags),
            **_limits(flags),
            **_security(flags),
        }
    )


def _log_config(flags: Flags) -> Body | None:
    if not flags["log_driver"] and not flags["log_opt"]:
        return None
    return {"Type": flags["log_driver"] or "", "Config": environment.pairs(flags["log_opt"])}


def _network(flags: Flags) -> Body:
    return {
        "NetworkMode": flags["network"][0] if flags["network"] else "default",
        "ExtraHosts": [limits.extra_host(spec) for spec in flags["add_host"]],
        "Dns": [limits.name_server(text) for text in flags["dns"]],
        "DnsSearch": list(flags["dns_search"]),
        "DnsOptions": list(flags["dns_option"]),
        "Links": list(flags["link"]),
        "GroupAdd": list(flags["group_add"]),
    }


def _endpoints(flags: Flags) -> Body:
    """NetworkingConfig: one endpoint a network named, the address and aliases at the first."""
    names = [name for name in flags["network"] if not name.startswith("container:")]
    if not (len(names) > 1 or any(flags[name] for name in ("network_alias", "ip", "ip6", "mac_address"))):
        return {}
    first = _given(
        {
            "Aliases": list(flags["network_alias"]),
            "IPAMConfig": _given({"IPv4Address": flags["ip"], "IPv6Address": flags["ip6"]}),
            "MacAddress": flags["mac_address"],
        }
    )
    return {name: first if index == 0 else {} for index, name in enumerate(names or ["default"])}


def _limits(flags: Flags) -> Body:
    return {
        "Memory": _bytes(flags, "memory"),
        "MemoryReservation": _bytes(flags, "memory_reservation"),
        "MemorySwap": _bytes(flags, "memory_swap"),
        "MemorySwappiness": flags["memory_swappiness"],
        "OomKillDisable": True if flags["oom_kill_disable"] else None,
        "OomScoreAdj": flags["oom_score_adj"],
        "NanoCpus": limits.nano_cpus(flags["cpus"]) if flags["cpus"] else None,
        "CpuShares": flags["cpu_shares"],
        "CpuPeriod": flags["cpu_period"],
        "CpuQuota": flags["cpu_quota"],
        "CpuRealtimePeriod": flags["cpu_rt_period"],
        "CpuRealtimeRuntime": flags["cpu_rt_runtime"],
        "CpusetCpus": flags["cpuset_cpus"],
        "CpusetMems": flags["cpuset_mems"],
        "PidsLimit": flags["pids_limit"],
        "Ulimits": [limits.ulimit(spec) for spec in flags["ulimit"]],
        "BlkioWeight": flags["blkio_weight"],
        "BlkioWeightDevice": [limits.weight_device(spec) for spec in flags["blkio_weight_device"]],
        "BlkioDeviceReadBps": [limits.throttle_bytes(spec) for spec in flags["device_read_bps"]],
        "BlkioDeviceWriteBps": [limits.throttle_bytes(spec) for spec in flags["device_write_bps"]],
        "BlkioDeviceReadIOps": [limits.throttle_operations(spec) for spec in flags["device_read_iops"]],
        "BlkioDeviceWriteIOps": [limits.throttle_operations(spec) for spec in flags["device_write_iops"]],
        "CgroupParent": flags["cgroup_parent"],
        "ShmSize": _bytes(flags, "shm_size"),
    }


def _security(flags: Flags) -> Body:
    options, unmasked = limits.security_options(flags["security_opt"])
    return {
        "Privileged": flags["privileged"],
        "ReadonlyRootfs": flags["read_only"],
        "CapAdd": list(flags["cap_add"]),
        "CapDrop": list(flags["cap_drop"]),
        "SecurityOpt": options,
        "Devices": [limits.device(spec) for spec in flags["device"]],
        "DeviceCgroupRules": [limits.device_rule(spec) for spec in flags["device_cgroup_rule"]],
        "Sysctls": environment.pairs(flags["sysctl"]),
        "UsernsMode": flags["userns"],
        "PidMode": flags["pid"],
        "IpcMode": flags["ipc"],
        "UTSMode": flags["uts"],
        "CgroupnsMode": flags["cgroupns"],
        # An empty list means "mask nothing", no list means "as usual"; hence not through _given.
        **({"MaskedPaths": _NOTHING, "ReadonlyPaths": _NOTHING} if unmasked else {}),
    }


class _Empty(list[str]):
    """An empty list that is meant."""

    def __bool__(self) -> bool:
        return True


_NOTHING = _Empty()


def _given(values: Body) -> Body:
    """Without what was not given: None, False, "" and empty collections are the API's defaults."""
    return {name: value for name, value in values.items() if value or (value == 0 and value is not False)}


def _bytes(flags: Flags, name: str) -> int | None:
    return None if flags[name] is None else bytes_of(flags[name])


def _duration(flags: Flags, name: str) -> int | None:
    return None if flags[name] is None else nanoseconds_of(flags[name])
