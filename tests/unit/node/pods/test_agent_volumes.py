"""Volumes of pods, seen from their containers."""

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.unit.node.pods.rig import Rig, container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.runtime import Mount
from wherry.node.pods.view import PODS

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "pods")


def config_map(name: str = "m", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def with_volume(source: Object, **more: Any) -> Object:
    mount = {"name": "v", "mountPath": "/v", **more.pop("mount", {})}
    return pod("web", container(volumeMounts=[mount]), volumes=[{"name": "v", **source}], **more)


def mount_of(rig: Rig, destination: str = "/v") -> Mount:
    return next(each for each in rig.runtime.specs[rig.run_of()].mounts if each.destination == destination)


async def test_a_config_map_is_files_that_follow_it(rig: Rig) -> None:
    rig.client.put(config_map(a="1"))
    async with rig.running(with_volume({"configMap": {"name": "m", "defaultMode": 0o640}})):
        await rig.until(rig.is_ready)
        mount = mount_of(rig)
        file = Path(mount.source) / "a"
        assert mount.read_only
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("1", 0o640)
        assert os.readlink(file) == "..data/a"
        rig.client.put(config_map(a="2", b="3"))
        await rig.until(lambda: file.read_text() == "2")
        await rig.until((file.parent / "b").exists)
        assert rig.is_ready()
    assert len(rig.calls("start_container")) == 1


async def test_a_secret_is_not_on_the_disk_of_pods(rig: Rig) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
    rig.client.put({**secret, "data": {"key": b64encode(b"\x00binary").decode()}})
    async with rig.running(with_volume({"secret": {"secretName": "s"}})):
        await rig.until(rig.is_ready)
        path = Path(mount_of(rig).source)
        assert (path / "key").read_bytes() == b"\x00binary"
        assert path.is_relative_to(rig.options.directory / "memory")
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
        assert not path.exists()


async def test_one_that_is_not_there_is_waited_for_and_said(rig: Rig) -> None:
    async with rig.running(with_volume({"configMap": {"name": "m"}})):
        await rig.until(lambda: rig.said("FailedMount"))
        assert rig.said("FailedMount") == ['MountVolume.SetUp failed for volume "v" : configmap "m" not found']
        assert rig.waiting() in ("", "ContainerCreating")
        rig.client.put(config_map(a="1"))
        await rig.until(rig.is_ready)


async def test_an_optional_one_may_be_missing(rig: Rig) -> None:
    async with rig.running(with_volume({"configMap": {"name": "m", "optional": True}})):
        await rig.until(rig.is_ready)
        assert [each for each in os.listdir(mount_of(rig).source) if not each.startswith("..")] == []


async def test_the_downward_api_follows_the_pod(rig: Rig) -> None:
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"resource": "requests.cpu", "containerName": "web", "divisor": "1m"}},
    ]
    made = with_volume({"downwardAPI": {"items": items}})
    made["metadata"]["labels"] = {"app": 'a"b'}
    made["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "250m"}}
    async with rig.running(made):
        await rig.until(rig.is_ready)
        path = Path(mount_of(rig).source)
        assert (path / "labels").read_text() == 'app="a\\"b"'
        assert (path / "cpu").read_text() == "250"
        found = rig.pod()
        assert found is not None
        found["metadata"]["labels"]["more"] = "x"
        rig.client.put(found)
        await rig.until(lambda: "more" in (path / "labels").read_text())


async def test_a_token_is_renewed_in_time(rig: Rig) -> None:
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "m", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    rig.client.put(config_map(**{"ca.crt": "certificate"}))
    async with rig.running(with_volume({"projected": {"sources": sources}})):
        await rig.until(rig.is_ready)
        path = Path(mount_of(rig).source)
        assert {name: (path / name).read_text() for name in ("token", "ca.crt", "namespace")} == {
            "token": "token-1", "ca.crt": "certificate", "namespace": "default",
        }  # fmt: skip
        assert (path / "token").stat().st_mode & 0o777 == 0o644
        await rig.settle(3600 * 0.79)
        assert (path / "token").read_text() == "token-1"
        await rig.until(lambda: (path / "token").read_text() == "token-2", 60)
        assert rig.client.tokens == 2


async def test_a_token_is_that_users_alone_who_runs_the_pod(rig: Rig) -> None:
    source = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    async with rig.running(with_volume(source, securityContext={"runAsUser": os.geteuid()})):
        await rig.until(rig.is_ready)
        assert (Path(mount_of(rig).source) / "token").stat().st_mode & 0o777 == 0o600


async def test_an_empty_directory_is_there_as_long_as_the_pod(rig: Rig) -> None:
    async with rig.running(with_volume({"emptyDir": {}})):
        await rig.until(rig.is_ready)
        path = Path(mount_of(rig).source)
        assert path.stat().st_mode & 0o7777 == 0o777
        (path / "kept").write_text("x")
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.container()["restartCount"] == 1)
        assert (path / "kept").read_text() == "x"
    async with rig.running():
        await rig.settle(1)
        assert (path / "kept").read_text() == "x"
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
    assert not path.exists()


@AS_ROOT
async def test_the_group_of_the_pod_owns_what_is_made_for_it(rig: Rig) -> None:
    rig.client.put(config_map(a="1"))
    volumes = [{"name": "v", "emptyDir": {}}, {"name": "c", "configMap": {"name": "m", "defaultMode": 0o400}}]
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "c", "mountPath": "/c"}]
    made = pod("web", container(volumeMounts=mounts), volumes=volumes, securityContext={"fsGroup": 1234})
    async with rig.running(made):
        await rig.until(rig.is_ready)
        empty, file = Path(mount_of(rig).source), Path(mount_of(rig, "/c").source) / "a"
        assert (empty.stat().st_gid, empty.stat().st_mode & 0o7777) == (1234, 0o2777)
        assert (file.stat().st_gid, file.stat().st_mode & 0o777) == (1234, 0o440)
    assert rig.runtime.specs[rig.run_of()].security.supplemental_groups == (1234,)


async def test_a_host_path_has_to_be_what_it_is_said_to_be(rig: Rig, tmp_path: Path) -> None:
    place = tmp_path / "place"
    async with rig.running(with_volume({"hostPath": {"path": str(place), "type": "Directory"}})):
        await rig.until(lambda: rig.said("FailedMount"))
        said = f'MountVolume.SetUp failed for volume "v" : hostPath type check failed: {place} is not a directory'
        assert rig.said("FailedMount") == [said]
        place.mkdir()
        await rig.until(rig.is_ready, 5)
        assert mount_of(rig).source == str(place)


async def test_a_claim_leads_to_a_volume_of_this_machine(rig: Rig, tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    claim = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default", "uid": "u1"}, "spec": {"volumeName": "pv"},
        "status": {"phase": "Pending"},
    }  # fmt: skip
    volume = {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
        "spec": {"local": {"path": str(place)}, "claimRef": {"uid": "u1"}, "accessModes": ["ReadWriteOnce"]},
    }  # fmt: skip
    rig.client.put(claim, volume)
    async with rig.running(with_volume({"persistentVolumeClaim": {"claimName": "data"}}, mount={"subPath": "sub"})):
        await rig.until(lambda: rig.said("FailedMount"))
        lists = "unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]"
        said = f"Unable to attach or mount volumes: {lists}: error processing PVC default/data: PVC is not bound"
        assert rig.said("FailedMount")[0] == said
        place.rmdir()
        rig.client.put({**claim, "status": {"phase": "Bound"}})
        said = f'MountVolume.NewMounter initialization failed for volume "pv" : path "{place}" does not exist'
        await rig.until(lambda: rig.said("FailedMount")[-1] == said, 5)
        place.mkdir()
        await rig.until(rig.is_ready, 5)
        assert (mount_of(rig).source, mount_of(rig).subpath) == (str(place), "sub")
        await rig.client.delete(PODS, "web", "default")
        await rig.until(lambda: rig.pod() is None)
    assert place.exists()


async def test_an_agent_that_begins_again_knows_who_has_a_volume_alone(rig: Rig, tmp_path: Path) -> None:
    for each in ("first", "second"):
        rig.client.put(
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data", "namespace": "default", "uid": "u1"}, "spec": {"volumeName": "pv"},
                "status": {"phase": "Bound"},
            },
            {
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"},
                "spec": {
                    "hostPath": {"path": str(tmp_path)}, "claimRef": {"uid": "u1"}, "accessModes": ["ReadWriteOncePod"],
                },
            },
        )  # fmt: skip
        made = with_volume({"persistentVolumeClaim": {"claimName": "data"}})
        made["metadata"] |= {"name": each, "uid": f"uid-{each}"}
        rig.client.put(made)
        async with rig.running():
            await rig.until(lambda: rig.is_ready("first"))
            await rig.settle(1)
    async with rig.running():
        await rig.until(lambda: rig.said("FailedMount"))
        await rig.settle(30)
        assert rig.is_ready("first")
        assert not rig.is_ready("second")
        await rig.client.delete(PODS, "first", "default")
        await rig.until(lambda: rig.is_ready("second"), 300)


async def test_an_image_is_mounted_by_the_runtime(rig: Rig) -> None:
    async with rig.running(with_volume({"image": {"reference": "files:1", "pullPolicy": "IfNotPresent"}})):
        await rig.until(rig.is_ready)
        assert (mount_of(rig).image, mount_of(rig).read_only) == ("sha256:files:1", True)


async def test_an_image_that_cannot_be_had_is_the_trouble_of_who_mounts_it(rig: Rig) -> None:
    made = with_volume({"image": {"reference": "gone:1", "pullPolicy": "Never"}})
    made["spec"]["containers"].append(container("other"))
    rig.runtime.missing = {"gone:1"}
    async with rig.running(made):
        await rig.until(lambda: rig.waiting() == "ErrImageNeverPull")
        message = rig.container()["state"]["waiting"]["message"]
        assert message == 'Container image "gone:1" is not present with pull policy of Never'
        assert rig.waiting("other") == "ContainerCreating"
        assert rig.said("FailedMount") == []
        assert len(rig.said("ErrImageNeverPull")) == 1
        await rig.settle(9)
        assert len(rig.said("ErrImageNeverPull")) == 1


async def test_k21_nothing_is_cloned_on_the_node(rig: Rig) -> None:
    """K21: CVE-2024-10220, CVE-2025-1767."""
    async with rig.running(with_volume({"gitRepo": {"repository": "/etc"}})):
        await rig.until(lambda: rig.said("FailedMount"))
        said = 'MountVolume.SetUp failed for volume "v" : git-repo volume plugin has been disabled'
        assert rig.said("FailedMount")[0].startswith(said)
        assert not rig.calls("create_container")


async def test_there_are_no_drivers(rig: Rig) -> None:
    async with rig.running(with_volume({"csi": {"driver": "d.example.com"}})):
        await rig.until(lambda: rig.said("FailedMount"))
        said = 'volume mode "Ephemeral" not supported by driver d.example.com (no CSIDriver object)'
        assert rig.said("FailedMount") == [f'MountVolume.NewMounter initialization failed for volume "v" : {said}']
        assert not rig.calls("create_container")


@pytest.mark.parametrize("kind", ["nfs", "iscsi"])
async def test_what_is_not_supported_is_said(rig: Rig, kind: str) -> None:
    async with rig.running(with_volume({kind: {"repository": "x"}})):
        await rig.until(lambda: rig.said("FailedMount"))
        assert rig.said("FailedMount")[0].endswith(f"volumes of type {kind} are not supported on this node")
        assert not rig.calls("create_container")


async def test_a_subpath_may_name_variables_but_not_lead_out(rig: Rig) -> None:
    env = [{"name": "WHO", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    mount = {"name": "v", "mountPath": "/v", "subPathExpr": "$(WHO)/x"}
    bad = {"name": "v", "mountPath": "/v", "subPath": "../../etc"}
    volumes = [{"name": "v", "emptyDir": {}}]
    good = pod("web", container(env=env, volumeMounts=[mount]), volumes=volumes)
    async with rig.running(good, pod("bad", container(volumeMounts=[bad]), volumes=volumes)):
        await rig.until(rig.is_ready)
        assert mount_of(rig).subpath == "web/x"
        await rig.until(lambda: rig.waiting("web", "bad") == "CreateContainerConfigError")


async def test_last_words_are_told(rig: Rig) -> None:
    async with rig.running(pod(restartPolicy="Never")):
        await rig.until(rig.is_ready)
        Path(mount_of(rig, "/dev/termination-log").source).write_text("x" * 5000 + "out of coffee")
        rig.runtime.exit(rig.run_of(), 1)
        await rig.until(lambda: rig.status()["phase"] == "Failed")
        message = rig.container()["state"]["terminated"]["message"]
        assert (len(message), message[-13:]) == (4096, "out of coffee")
        await rig.settle(2)
    async with rig.running():
        await rig.settle(2)
        assert rig.container()["state"]["terminated"]["message"] == message


async def test_last_words_do_not_fill_the_machine(rig: Rig) -> None:
    async with rig.running(pod()):
        await rig.until(rig.is_ready)
        file = Path(mount_of(rig, "/dev/termination-log").source)
        file.write_bytes(b"\0" * (2 << 20))
        await rig.until(lambda: file.stat().st_size == 0, 11)


async def test_what_no_container_mounts_is_not_set_up(rig: Rig) -> None:
    async with rig.running(pod("web", container(), volumes=[{"name": "v", "configMap": {"name": "none"}}])):
        await rig.until(rig.is_ready)
