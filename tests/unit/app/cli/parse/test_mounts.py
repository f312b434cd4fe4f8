"""Volumes, mounts, tmpfs."""

from pathlib import Path

import pytest

from wherry.app.cli.parse.mounts import mount, tmpfs, volumes


def test_volumes() -> None:
    binds, anonymous = volumes(["data:/data", "/a:/b:ro,z", "/c"])
    assert binds == ["data:/data", "/a:/b:ro,z"]
    assert anonymous == {"/c": {}}


def test_a_relative_source_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert volumes(["./x:/y"])[0] == [f"{tmp_path}/x:/y"]
    assert mount("type=bind,source=.,target=/y")["Source"] == str(tmp_path)


@pytest.mark.parametrize("spec", [":/a", "a:", "relative"])
def test_volumes_that_are_none(spec: str) -> None:
    with pytest.raises(ValueError, match="invalid"):
        volumes([spec])


def test_tmpfs() -> None:
    assert tmpfs(["/run:size=64m", "/tmp"]) == {"/run": "size=64m", "/tmp": ""}


def test_mounts() -> None:
    assert mount("type=bind,src=/a,dst=/b,readonly,bind-propagation=rslave") == {
        "Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": True, "BindOptions": {"Propagation": "rslave"},
    }  # fmt: skip
    assert mount("source=data,target=/b,ro=false,volume-nocopy") == {
        "Type": "volume", "Source": "data", "Target": "/b", "ReadOnly": False, "VolumeOptions": {"NoCopy": True},
    }  # fmt: skip
    assert mount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1777")["TmpfsOptions"] == {
        "SizeBytes": 1 << 20,
        "Mode": 0o1777,
    }
    assert mount("type=image,src=tools:1,dst=/t,image-subpath=bin")["ImageOptions"] == {"Subpath": "bin"}
    assert mount("src=data,dst=/t,volume-subpath=a/b")["VolumeOptions"] == {"Subpath": "a/b"}
    volume = mount('"volume-opt=o=a,b",target=/x,volume-driver=local,volume-label=k=v')["VolumeOptions"]
    assert volume == {"DriverConfig": {"Options": {"o": "a,b"}, "Name": "local"}, "Labels": {"k": "v"}}


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("type=bind,source=/a", "target is required"),
        ("type=bind,target=/a", "source is required"),
        ("type=image,target=/a", "source is required"),
        ("type=bind,target=/a,src=/b,image-subpath=x", "cannot mix 'image-"),
        ("type=npipe,target=/a", "not one of"),
        ("target=/a,shape=round", "unknown option 'shape'"),
        ("target", "must be a key=value pair"),
        ("target=/a,ro=perhaps", "invalid value for ro"),
        ("type=tmpfs,target=/a,volume-nocopy", "cannot mix 'volume-"),
        ("type=tmpfs,target=/a,tmpfs-mode=9", "octal"),
    ],
)
def test_mounts_that_are_none(spec: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        mount(spec)
