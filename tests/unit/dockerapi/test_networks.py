"""Networks."""

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.engine.containers.model import EndpointSettings
from wherry.engine.networks.asked import Asked, Pool


async def test_a_list_has_no_containers(client: Client) -> None:
    document = (await client.ask("GET /networks")).json[0]
    assert (document["Name"], document["Driver"], document["Containers"]) == ("bridge", "bridge", {})
    assert document["IPAM"]["Config"] == [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]
    assert (await client.ask("GET /v1.27/networks")).json[0]["Containers"]


async def test_inspect_has_its_containers(client: Client) -> None:
    document = (await client.ask("GET /networks/bridge")).json
    assert document["Containers"]["c" * 64]["IPv4Address"] == "172.17.0.2/16"
    assert document["EnableIPv4"] is True
    assert "EnableIPv4" not in (await client.ask("GET /v1.46/networks/bridge")).json
    assert (await client.ask("GET /networks/absent")).message == "network absent not found"


async def test_predefined_networks_stay(client: Client) -> None:
    assert "pre-defined network" in (await client.ask("DELETE /networks/bridge")).message
    assert (await client.ask("POST /networks/prune")).json == {"NetworksDeleted": None}


async def test_a_network_is_made_as_it_is_asked_for(client: Client, engine: Engine) -> None:
    pool = {"Subnet": "10.0.0.0/24", "Gateway": "10.0.0.9", "IPRange": "10.0.0.128/25"}
    body = {
        "Name": "x",
        "Internal": True,
        "IPAM": {"Driver": "default", "Config": [pool]},
        "Options": {"a": "b"},
        "Labels": {"c": "d"},
    }
    answer = await client.ask("POST /networks/create", body)
    assert (answer.status, answer.json) == (201, {"Id": "d" * 64, "Warning": ""})
    made = Pool("10.0.0.0/24", "10.0.0.128/25", "10.0.0.9", {})
    assert engine.networks.made == [Asked("x", "bridge", [made], {"a": "b"}, {"c": "d"}, is_internal=True)]
    assert (await client.ask("POST /networks/prune")).json == {"NetworksDeleted": ["x"]}


@pytest.mark.parametrize(
    "more",
    [{"ConfigOnly": True}, {"Ingress": True}, {"EnableIPv4": False}, {"IPAM": {"Driver": "mine"}}],
)
async def test_what_is_not_there_yet_is_said_so(client: Client, more: dict[str, object]) -> None:
    answer = await client.ask("POST /networks/create", {"Name": "x", **more})
    assert answer.status == 501
    assert "not available in this version" in answer.message


async def test_containers_are_put_on_networks_and_taken_off(client: Client, engine: Engine) -> None:
    body = {"Container": "c1", "EndpointConfig": {"Aliases": ["db"]}}
    assert (await client.ask("POST /networks/n/connect", body)).status == 200
    assert engine.containers.calls[-1] == ("connect", "n", EndpointSettings(Aliases=["db"]))
    assert (await client.ask("POST /networks/n/disconnect", {"Container": "c1"})).status == 200
    assert engine.containers.calls[-1] == ("disconnect", "n")
    assert (await client.ask("POST /networks/n/disconnect", {"Container": "absent"})).status == 404
    assert (await client.ask("POST /networks/bridge/disconnect", {"Container": "absent", "Force": True})).status == 200
