"""Images in the form that each API version expects."""

from typing import Any

import msgspec

from wherry.dockerapi.times import ZERO, stamp
from wherry.engine.images.model import HistoryEntry, Image

# What Config had for every image until 1.50 removed it (API version history, 1.50).
OLD_CONFIG: dict[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": None,
}
UNKNOWN = -1  # "not counted", in the words of the API reference


def summary(image: Image, version: int) -> dict[str, Any]:
    """An entry of ``GET /images/json``."""
    config = _raw_config(image)
    tags, digests = list(image.repo_tags), list(image.repo_digests)
    if version < 43 and not tags and not digests:
        tags, digests = ["<none>:<none>"], ["<none>@<none>"]
    document = {
        "Id": image.id,
        "ParentId": image.parent,
        "RepoTags": tags,
        "RepoDigests": digests,
        "Created": image.created_nanoseconds // 1_000_000_000,
        "Size": image.size_bytes,
        "SharedSize": UNKNOWN,
        "Containers": UNKNOWN,
        "Labels": config.get("Labels"),
    }
    if version < 44:
        document["VirtualSize"] = image.size_bytes
    return document


def inspect(image: Image, version: int) -> dict[str, Any]:
    """``GET /images/{name}/json``."""
    raw = msgspec.json.decode(image.config_bytes)
    config = raw.get("config") or {}
    document: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": list(image.repo_tags),
        "RepoDigests": list(image.repo_digests),
        "Parent": image.parent,
        "Comment": image.comment,
        "Created": image.created or ZERO,
        "DockerVersion": raw.get("docker_version", ""),
        "Author": raw.get("author", ""),
        "Config": config if version >= 50 else {**OLD_CONFIG, **config},
        "Architecture": raw.get("architecture", ""),
        "Os": raw.get("os", ""),
        "Size": image.size_bytes,
        "GraphDriver": {"Name": "overlayfs", "Data": None},
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
        "Metadata": {"LastTagTime": stamp(image.last_tagged_nanoseconds)},
    }
    for field, name in (("Variant", "variant"), ("OsVersion", "os.version")):
        if raw.get(name):
            document[field] = raw[name]
    if version < 45:
        document |= {
            "Container": raw.get("container", ""),
            "ContainerConfig": raw.get("container_config") or OLD_CONFIG,
        }
    if version < 44:
        document["VirtualSize"] = image.size_bytes
    return document


def history(entry: HistoryEntry) -> dict[str, Any]:
    """An entry of ``GET /images/{name}/history``."""
    return {
        "Id": entry.id,
        "Created": entry.created_seconds,
        "CreatedBy": entry.created_by,
        "Tags": list(entry.tags) or None,
        "Size": entry.size_bytes,
        "Comment": entry.comment,
    }


def _raw_config(image: Image) -> dict[str, Any]:
    config: dict[str, Any] = msgspec.json.decode(image.config_bytes).get("config") or {}
    return config
