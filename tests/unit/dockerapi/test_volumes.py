"""Volumes."""

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine


async def test_list_and_inspect(client: Client, engine: Engine) -> None:
    answer = await client.ask('GET /volumes?filters={"dangling":["true"]}')
    assert answer.json == {"Volumes": [{"Name": "data"}], "Warnings": None}
    assert engine.volumes.calls[-1] == ("list", {"dangling": ["true"]})
    assert (await client.ask("GET /volumes/data")).json == {"Name": "data"}
    assert (await client.ask("GET /volumes/absent")).message == "get absent: no such volume"


async def test_create(client: Client, engine: Engine) -> None:
    answer = await client.ask("POST /volumes/create", {"Name": "v", "Driver": "local", "Labels": {"a": "b"}})
    assert (answer.status, answer.json) == (201, {"Name": "v"})
    assert engine.volumes.calls[-1] == ("create", "v", "local", {"a": "b"}, {})
    assert (await client.ask("POST /volumes/create")).json == {"Name": "random"}
    assert (await client.ask("POST /volumes/create", {"ClusterVolumeSpec": {}})).status == 501


async def test_remove(client: Client, engine: Engine) -> None:
    assert (await client.ask("DELETE /volumes/data?force=1")).status == 204
    assert engine.volumes.calls[-1] == ("remove", "data", True)
    assert (await client.ask("DELETE /volumes/absent")).status == 404


@pytest.mark.parametrize(
    ("version", "filters"), [("", {"label": ["x"]}), ("/v1.41", {"label": ["x"], "all": ["true"]})]
)
async def test_prune_took_everything_before_1_42(client: Client, engine: Engine, version, filters) -> None:
    answer = await client.ask(f'POST {version}/volumes/prune?filters={{"label":["x"]}}')
    assert answer.json == {"VolumesDeleted": ["old"], "SpaceReclaimed": 9}
    assert engine.volumes.calls[-1] == ("prune", filters)
