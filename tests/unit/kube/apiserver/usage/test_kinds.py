"""The two kinds, as clients see them."""

import json

from tests.unit.node.api.clients import get
from tests.unit.node.api.rig import Rig

GROUP = "/apis/metrics.k8s.io/v1beta1"


async def test_discovery_shows_what_can_be_read(joined: Rig) -> None:
    _, said = await get(joined, GROUP, api=True)
    found = {each["name"]: each for each in json.loads(said)["resources"]}
    assert set(found) == {"nodes", "pods"}
    assert (found["nodes"]["kind"], found["nodes"]["namespaced"]) == ("NodeMetrics", False)
    assert (found["pods"]["kind"], found["pods"]["namespaced"]) == ("PodMetrics", True)
    assert all(each["verbs"] == ["get", "list"] for each in found.values())


async def test_openapi_describes_them(joined: Rig) -> None:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    code, said = await get(joined, f"/openapi/v3{GROUP}", api=True, headers=headers)
    document = json.loads(said)
    assert code == 200
    names = {name.rpartition(".")[2] for name in document["components"]["schemas"]}
    assert {"NodeMetrics", "NodeMetricsList", "PodMetrics", "PodMetricsList"} <= names
    assert not {"post", "delete"} & set(document["paths"][f"{GROUP}/nodes"])
    assert (await get(joined, "/openapi/v2", api=True, headers=headers))[0] == 200


async def test_they_cannot_be_written_or_watched(joined: Rig) -> None:
    from tests.unit.node.api.clients import opened

    for method, path in (("POST", "/namespaces/default/pods"), ("DELETE", "/nodes/n1"), ("GET", "/nodes?watch=true")):
        async with opened(joined, GROUP + path, method, api=True, json={} if method == "POST" else None) as answer:
            assert answer.status == 405


async def test_tables_have_sums(joined: Rig) -> None:
    await joined.pod("two", ("a", "b"))
    await joined.collector.round()
    await joined.collector.round()
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    _, said = await get(joined, f"{GROUP}/namespaces/default/pods", api=True, headers=accept)
    table = json.loads(said)
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "cpu", "memory", "Window"]
    for row in table["rows"]:
        assert row["cells"][2] == ("2Mi" if row["cells"][0] == "two" else "1Mi")
