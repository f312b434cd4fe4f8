"""What is read of a pod."""

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.view import Role


def whole():  # type: ignore[no-untyped-def]
    init = [container("i"), container("s", restartPolicy="Always")]
    return pod("web", container(), initContainers=init, ephemeralContainers=[container("e")])


def test_containers_in_their_order_and_roles() -> None:
    assert [(each.name, each.role) for each in view.members(whole())] == [
        ("i", Role.INIT), ("s", Role.SIDECAR), ("web", Role.REGULAR), ("e", Role.EPHEMERAL),
    ]  # fmt: skip
    assert [each.field_path for each in view.members(whole())] == [
        "spec.initContainers{i}", "spec.initContainers{s}", "spec.containers{web}", "spec.ephemeralContainers{e}",
    ]  # fmt: skip
    assert [each.name for each in view.of_role(whole(), Role.SIDECAR, Role.REGULAR)] == ["s", "web"]
    assert view.member(whole(), "none") is None


def test_a_mirror_is_the_pod_that_it_shows() -> None:
    mirror = pod()
    mirror["metadata"]["annotations"] = {view.MIRROR: "hash"}
    assert view.uid(mirror) == "hash"
    assert view.is_mirror(mirror)
    assert view.uid(pod()) == "uid-web"


def test_how_long_it_may_take() -> None:
    found = pod("web", container(), terminationGracePeriodSeconds=7)
    assert view.grace_seconds(found) == 7
    found["metadata"] |= {"deletionTimestamp": "x", "deletionGracePeriodSeconds": 0}
    assert view.grace_seconds(found) == 0
    assert view.grace_seconds(pod("web", container(), terminationGracePeriodSeconds=None)) == 30


def test_who_is_critical() -> None:
    static = pod()
    static["metadata"]["annotations"] = {view.SOURCE: "file"}
    assert view.is_static(static)
    assert view.is_critical(static)
    assert view.is_critical(pod("web", container(), priority=2_000_001_000))
    assert not view.is_critical(pod())


def test_its_name_in_messages() -> None:
    assert view.full_name(pod()) == "web_default(uid-web)"


def test_a_status_that_no_agent_wrote_is_read_all_the_same() -> None:
    odd = {"status": {"containerStatuses": [{"ready": True}, {"name": "web"}], "initContainerStatuses": None}}
    assert view.container_statuses(odd) == {"": {"ready": True}, "web": {"name": "web"}}


def test_what_the_agent_reads_of_metadata_makes_pods_alike() -> None:
    one: Object = {"metadata": {"name": "p", "labels": {"a": "b"}, "resourceVersion": "1", "managedFields": []}}
    assert view.is_alike(one, {"metadata": {**one["metadata"], "resourceVersion": "2", "managedFields": [{}]}})
    for name in ("labels", "annotations", "deletionTimestamp", "generation"):
        assert not view.is_alike(one, {"metadata": {**one["metadata"], name: "other"}})
    assert (view.version(one), view.version({"metadata": {}})) == ("1", "")
