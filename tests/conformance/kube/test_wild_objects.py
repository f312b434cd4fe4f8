"""Valid objects that nobody expects, where controllers and the scheduler find them: none of these fails of it.

(``control`` must have said nothing of faults when it ends; see ``conftest.py``.)
"""

import copy
import os
from typing import Any

import pytest

from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import MERGE, Web
from tests.sim.test_wild_requests import BASES, KINDS, Wild
from wherry.kube.kinds.model import Kind

SEED = os.environ.get("TEST_WILD_SEED", "1")
ROUNDS = int(os.environ.get("TEST_WILD_ROUNDS", "12"))
NAMESPACED = [kind for kind in KINDS if kind.namespaced and kind.stored_as is None and kind.plural != "events"]


@pytest.mark.parametrize("kind", NAMESPACED, ids=[kind.plural for kind in NAMESPACED])
def test_wild_objects_are_lived_with(web: Web, namespace: str, kind: Kind) -> None:
    wild = Wild(f"{SEED} {kind.plural}")
    version = next(each for each in kind.versions if each.name == kind.storage)
    root = f"/apis/{kind.group}" if kind.group else "/api"
    path = f"{root}/{version.name}/namespaces/{namespace}/{kind.plural}"
    made = []
    for _ in range(ROUNDS):
        obj: Any = copy.deepcopy(BASES[kind.plural])
        wild.change(obj, version.schema())
        obj["metadata"] = {"generateName": "wild-"}
        answer = web.post(path, obj)
        assert answer.code < 500, answer.text
        if answer.code == 201:
            made.append(answer.json["metadata"]["name"])
    assert made, "none was valid"
    for name in made:
        assert web.send("PATCH", f"{path}/{name}", {"metadata": {"labels": {"a": "b"}}}, MERGE).code in (200, 404)
    web.delete(f"/api/v1/namespaces/{namespace}")
    for name in made:
        web.send("PATCH", f"{path}/{name}", {"metadata": {"finalizers": None}}, MERGE)
    wait_until(lambda: web.get(path).json["items"] == [], f"{kind.plural} go with their namespace")
