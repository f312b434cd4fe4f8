"""By what a pod is to be run."""

import pytest

from tests.unit.node.pods.rig import pod
from wherry.kit.errors import Invalid
from wherry.kube.client.fake import FakeClient
from wherry.node.pods.handlers import check

OURS = ("wherry",)


def client() -> FakeClient:
    found = FakeClient()
    for name, handler in (("usual", "wherry"), ("sandboxed", "gvisor")):
        meta = {"name": name, "uid": name}
        found.put({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": meta, "handler": handler})
    return found


async def test_what_the_node_has() -> None:
    await check(client(), pod(), OURS)
    await check(client(), pod(runtimeClassName="usual"), OURS)


@pytest.mark.parametrize(
    ("name", "said"),
    [("sandboxed", 'no runtime for "gvisor" is configured'), ("none", 'RuntimeClass "none" not found')],
)
async def test_what_it_has_not_is_not_run_otherwise(name: str, said: str) -> None:
    with pytest.raises(Invalid, match=f"failed to get sandbox runtime: {said}"):
        await check(client(), pod(runtimeClassName=name), OURS)
    await check(client(), pod(runtimeClassName=name), None)
