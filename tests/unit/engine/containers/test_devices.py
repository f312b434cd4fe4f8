"""Devices of the host that a container gets."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.devices import asked, check, is_device, of_host, rules, throttles
from wherry.engine.containers.model import DeviceMapping, Resources, ThrottleDevice
from wherry.kit.errors import Invalid


def mapping(host: str, inside: str = "", access: str = "rwm") -> DeviceMapping:
    return DeviceMapping(PathOnHost=host, PathInContainer=inside, CgroupPermissions=access)


def test_a_device_is_made_and_allowed() -> None:
    devices, allowed = asked([mapping("/dev/null", "/dev/x", "r")])
    assert (devices[0]["path"], devices[0]["type"], devices[0]["major"], devices[0]["minor"]) == ("/dev/x", "c", 1, 3)
    assert allowed == [{"allow": True, "type": "c", "major": 1, "minor": 3, "access": "r"}]


@pytest.mark.parametrize(
    ("path", "words"), [("/dev/missing", "no such file or directory"), ("/etc/passwd", "not a device node")]
)
def test_what_is_no_device_is_refused_in_dockers_words(path: str, words: str) -> None:
    with pytest.raises(Invalid, match=f'error gathering device information .* "{path}": {words}'):
        asked([mapping(path)])


def test_a_directory_gives_the_devices_in_it_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    (tmp_path / "file").touch()
    assert asked([mapping(str(tmp_path), "/dev/d")]) == ([], [])
    assert not is_device(tmp_path / "link")


@pytest.mark.parametrize("bad", [mapping("dev/null"), mapping("/dev/null", "x"), mapping("/dev/null", "/x", "rx")])
def test_what_cannot_be_is_refused_without_looking(bad: DeviceMapping) -> None:
    with pytest.raises(Invalid, match="invalid device"):
        check([bad])


def test_a_privileged_container_gets_no_terminals_of_the_host() -> None:
    paths = {device["path"] for device in of_host()}
    assert "/dev/null" in paths
    assert not any(path.startswith(("/dev/pts/", "/dev/ptmx", "/dev/console")) for path in paths)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c 1:3 rwm", {"allow": True, "type": "c", "access": "rwm", "major": 1, "minor": 3}),
        ("b *:* r", {"allow": True, "type": "b", "access": "r"}),
        ("a 5:* m", {"allow": True, "type": "a", "access": "m", "major": 5}),
    ],
)
def test_rules_are_read_as_the_kernel_writes_them(text: str, expected: dict[str, object]) -> None:
    assert rules([text]) == [expected]


@pytest.mark.parametrize("text", ["", "c", "c 1:3", "c 1:3 x", "c 1 r", "d 1:3 r", "c 1:x r", "c  1:3 r", "c 1:3 "])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid device cgroup rule format"):
        rules([text])


@given(st.text("abc 0123:*rwmx", max_size=12))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        (rule,) = rules([text])
    except Invalid:
        return
    assert set(rule["access"]) <= set("rwm")


def test_limits_of_block_devices_are_by_number() -> None:
    number = os.stat("/dev/null").st_rdev
    found = throttles(Resources(BlkioDeviceReadBps=[ThrottleDevice(Path="/dev/null", Rate=5)]))
    assert found == {"throttleReadBpsDevice": [{"major": os.major(number), "minor": os.minor(number), "rate": 5}]}
    with pytest.raises(Invalid, match="cannot limit the device /dev/missing: no such file"):
        throttles(Resources(BlkioDeviceWriteIOps=[ThrottleDevice(Path="/dev/missing", Rate=5)]))
