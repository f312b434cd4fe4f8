"""Images as every version of the API has them."""

import json
from typing import Any

import pytest

from wherry.dockerapi.imageviews import OLD_CONFIG, history, inspect, summary
from wherry.engine.images.model import HistoryEntry, Image
from wherry.oci.decode import decode_config

ID = "sha256:" + "1" * 64


def image(config: dict[str, Any] | None = None, **changes: Any) -> Image:
    """An image of 10 bytes whose configuration is ``config``."""
    data = json.dumps(config or {}).encode()
    usual: dict[str, Any] = {
        "id": ID,
        "config": decode_config(data),
        "config_bytes": data,
        "manifest": "sha256:" + "2" * 64,
        "manifest_type": "",
        "diff_ids": ("sha256:" + "d" * 64,),
        "chain_ids": ("sha256:" + "d" * 64,),
        "layers": ("sha256:" + "e" * 64,),
        "layer_sizes_bytes": (10,),
        "size_bytes": 10,
        "created": "",
        "created_nanoseconds": 0,
        "repo_tags": (),
        "repo_digests": (),
        "parent": "",
        "last_tagged_nanoseconds": 0,
    }
    return Image(**(usual | changes))


def test_a_summary_counts_in_seconds_and_knows_no_shares() -> None:
    document = summary(image({"config": {"Labels": {"a": "b"}}}, created_nanoseconds=1_999_999_999, parent="p"), 51)
    assert document == {
        "Id": ID,
        "ParentId": "p",
        "RepoTags": [],
        "RepoDigests": [],
        "Created": 1,
        "Size": 10,
        "SharedSize": -1,
        "Containers": -1,
        "Labels": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("version", "tags", "virtual"), [(42, ["<none>:<none>"], True), (43, [], True), (44, [], False)]
)
def test_an_image_without_names_is_listed_as_each_version_does(version: int, tags: list[str], virtual: bool) -> None:
    document = summary(image(), version)
    assert document["RepoTags"] == tags
    assert ("VirtualSize" in document) is virtual


def test_a_digest_is_a_name_too() -> None:
    document = summary(image(repo_digests=("demo@sha256:0",)), 42)
    assert (document["RepoTags"], document["RepoDigests"]) == ([], ["demo@sha256:0"])


def test_inspect_shows_members_of_config_that_nobody_here_knows() -> None:
    document = inspect(image({"config": {"Cmd": ["sh"], "New": 1}}), 51)
    assert document["Config"] == {"Cmd": ["sh"], "New": 1}


@pytest.mark.parametrize("config", [{}, {"config": None}])
def test_what_an_image_does_not_say_is_empty(config: dict[str, Any]) -> None:
    document = inspect(image(config), 51)
    assert document["Config"] == {}
    assert (document["Architecture"], document["Os"], document["Author"]) == ("", "", "")
    assert document["Created"] == document["Metadata"]["LastTagTime"] == "0001-01-01T00:00:00Z"
    assert not {"Variant", "OsVersion", "Container", "ContainerConfig", "VirtualSize"} & document.keys()


def test_variant_and_version_of_the_system_are_there_when_said() -> None:
    document = inspect(image({"variant": "v7", "os.version": "10"}), 51)
    assert (document["Variant"], document["OsVersion"]) == ("v7", "10")


def test_older_versions_keep_what_newer_ones_dropped() -> None:
    one = image({"config": {"Cmd": ["sh"]}, "container": "c1", "container_config": {"Cmd": ["x"]}})
    assert inspect(one, 49)["Config"] == {**OLD_CONFIG, "Cmd": ["sh"]}
    assert "Container" not in inspect(one, 45)
    assert (inspect(one, 44)["Container"], inspect(one, 44)["ContainerConfig"]) == ("c1", {"Cmd": ["x"]})
    assert inspect(image(), 44)["ContainerConfig"] == OLD_CONFIG
    assert inspect(one, 43)["VirtualSize"] == 10


def test_a_step_of_history_without_tags_has_none() -> None:
    entry = HistoryEntry("<missing>", 5, "RUN x", (), 3, "why")
    assert history(entry) == {
        "Id": "<missing>",
        "Created": 5,
        "CreatedBy": "RUN x",
        "Tags": None,
        "Size": 3,
        "Comment": "why",
    }
