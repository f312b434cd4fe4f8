"""Networks."""

from tests.unit.dockerapi.conftest import Client


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


async def test_changes(client: Client) -> None:
    assert (await client.ask("POST /networks/create", {"Name": "x"})).status == 501
    assert "pre-defined network" in (await client.ask("DELETE /networks/bridge")).message
    assert (await client.ask("POST /networks/prune")).json == {"NetworksDeleted": None}
