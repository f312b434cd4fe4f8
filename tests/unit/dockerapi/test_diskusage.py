"""Disk usage, and pruning."""

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from tests.unit.dockerapi.test_images import image


async def test_everything_is_counted(client: Client, engine: Engine) -> None:
    engine.images.images = {"demo:1": image()}
    document = (await client.ask("GET /system/df")).json
    assert document["LayersSize"] == 7
    assert (document["Images"][0]["Containers"], document["Images"][0]["SharedSize"]) == (1, 6)
    assert document["Containers"][0]["Id"] == "c1"
    assert document["Volumes"][0]["UsageData"] == {"Size": 5, "RefCount": 1}
    (step,) = document["BuildCache"]
    assert (step["Description"], step["Size"], step["UsageCount"]) == ("RUN true", 20, 3)
    assert step["Shared"]  # an image has it
    assert step["LastUsedAt"].startswith("2023-11-14T22:13:21")
    assert (await client.ask("GET /v1.41/system/df")).json["BuilderSize"] == 20


async def test_only_what_is_asked_for(client: Client) -> None:
    assert set((await client.ask("GET /system/df?type=volume")).json) == {"Volumes"}
    assert (await client.ask("GET /system/df?type=colour")).message == "unknown object type: colour"


async def test_prune(client: Client) -> None:
    images = (await client.ask("POST /images/prune")).json
    assert images == {"ImagesDeleted": [{"Deleted": "sha256:1"}], "SpaceReclaimed": 11}
    assert (await client.ask("POST /build/prune")).json == {"CachesDeleted": [], "SpaceReclaimed": 0}
