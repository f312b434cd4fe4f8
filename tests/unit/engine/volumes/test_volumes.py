"""Create, find and remove volumes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.database import Database
from wherry.engine.events import Event
from wherry.engine.instance import Instance
from wherry.engine.volumes import ANONYMOUS, Volumes
from wherry.engine.volumes.volumes import has_label
from wherry.kit.errors import Conflict, Invalid, NotFound, Unsupported, WherryError


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        self.events.append(Event(kind, action, actor, 0, attributes or {}))


class Place:
    """A directory and a database that outlive the Volumes on them."""

    def __init__(self, root: Path) -> None:
        self.instance = Instance(root, root / "run", "12345678")
        self.instance.tmp.mkdir()
        self.database = Database(":memory:")
        self.told = Told()

    def up(self) -> Volumes:
        volumes = Volumes(self.instance, self.database, self.told, now=lambda: 1_700_000_000_000_000_000)
        volumes.recover()
        return volumes

    def directories(self) -> set[str]:
        return {path.name for path in self.instance.volumes.glob("*")}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def volumes(place: Place) -> Volumes:
    return place.up()


def test_a_volume_is_a_directory_that_containers_may_write(volumes: Volumes) -> None:
    volume = volumes.create("data", "local", {"a": "b"}, {})
    assert volume.path.is_dir()
    assert volume.path.stat().st_mode & 0o777 == 0o755
    assert volume.document() == {
        "CreatedAt": "2023-11-14T22:13:20Z",
        "Driver": "local",
        "Labels": {"a": "b"},
        "Mountpoint": str(volume.path),
        "Name": "data",
        "Options": None,
        "Scope": "local",
    }


def test_creating_it_again_gives_the_same(volumes: Volumes, place: Place) -> None:
    first = volumes.create("data", "", {"a": "b"}, {})
    assert volumes.create("data", "", {"other": "label"}, {}) == first
    assert [event.action for event in place.told.events] == ["create"]


def test_a_volume_without_a_name_gets_one_and_is_anonymous(volumes: Volumes) -> None:
    volume = volumes.create("", "", {}, {})
    assert len(volume.name) == 64
    assert ANONYMOUS in volume.labels


@pytest.mark.parametrize("name", ["x", "..", "../x", "a/b", "-a", ".a", "a b", "a\n", "a\0", "é1", "a" * 256])
def test_a_name_that_is_no_name_is_refused(volumes: Volumes, place: Place, name: str) -> None:
    with pytest.raises(Invalid, match="includes invalid characters for a local volume name"):
        volumes.create(name, "", {}, {})
    assert not place.directories()


@given(st.text(max_size=12))
def test_no_name_leaves_the_directory_of_volumes(name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as root:
        place = Place(Path(root))
        try:
            volume = place.up().create(name, "", {}, {})
        except Invalid:
            assert not place.directories()
            return
        assert volume.path.parent.parent.samefile(place.instance.volumes)


def test_other_drivers_and_options_are_refused(volumes: Volumes) -> None:
    with pytest.raises(NotFound, match='plugin "nfs" not found'):
        volumes.create("data", "nfs", {}, {})


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"bogus": "1"}, Invalid, 'create data: invalid option: "bogus"'),
        ({"device": "/x"}, Invalid, 'create data: missing required option: "type"'),
        ({"type": "none"}, Invalid, 'create data: missing required option: "device"'),
        ({"type": "none", "device": "x", "o": "bind"}, Invalid, "must be an absolute path: x"),
        ({"type": "tmpfs", "device": "tmpfs"}, Unsupported, "device=tmpfs, type=tmpfs are not available"),
        ({"type": "nfs", "device": ":/x", "o": "addr=10.0.0.1"}, Unsupported, "not available in this version"),
        ({"type": "none", "device": "/x", "o": "bind,ro"}, Unsupported, "not available in this version"),
        ({"size": "1g"}, Unsupported, "not available in this version"),
    ],
)
def test_options_that_cannot_be_are_refused(
    volumes: Volumes, options: dict[str, str], error: type[WherryError], words: str
) -> None:
    with pytest.raises(error, match=words):
        volumes.create("data", "local", {}, options)
    assert not volumes.exists("data")


def test_a_volume_may_be_a_directory_of_the_machine(volumes: Volumes, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    options = {"type": "none", "o": "bind", "device": str(tmp_path / "there")}
    made = volumes.create("data", "local", {}, options)
    assert made.source == tmp_path / "there"
    assert made.document()["Options"] == options
    volumes.remove("data")
    assert (tmp_path / "there").is_dir()
    assert volumes.create("plain", "", {}, {}).source == volumes.get("plain").path


def test_a_volume_in_use_stays(volumes: Volumes) -> None:
    volumes.create("data", "", {}, {})
    volumes.users = lambda name: ["c1", "c2"]
    with pytest.raises(Conflict, match=r"remove data: volume is in use - \[c1, c2\]"):
        volumes.remove("data", force=True)
    assert volumes.exists("data")


def test_a_removed_volume_is_gone_with_what_is_in_it(volumes: Volumes, place: Place) -> None:
    volume = volumes.create("data", "", {}, {})
    (volume.path / "deep" / "er").mkdir(parents=True)
    (volume.path / "file").write_text("x")
    volumes.remove("data")
    assert not place.directories()
    assert [event.action for event in place.told.events] == ["create", "destroy"]
    with pytest.raises(NotFound, match="get data: no such volume"):
        volumes.get("data")


def test_removing_what_is_not_there_is_an_error_unless_forced(volumes: Volumes) -> None:
    with pytest.raises(NotFound, match="get data: no such volume"):
        volumes.remove("data")
    volumes.remove("data", force=True)


def test_a_removal_follows_no_link_out_of_the_volume(volumes: Volumes, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    volume = volumes.create("data", "", {}, {})
    (volume.path / "link").symlink_to(tmp_path / "precious")
    volumes.remove("data")
    assert (tmp_path / "precious" / "file").exists()


# Lists


def names(volumes: Volumes, filters: dict[str, list[str]]) -> list[str]:
    return [one.name for one in volumes.list(filters)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["cache", "data"]),
        ({"name": ["da"]}, ["data"]),
        ({"name": ["da", "ca"]}, ["cache", "data"]),
        ({"label": ["tier"]}, ["data"]),
        ({"label": ["tier=1"]}, ["data"]),
        ({"label": ["tier=2"]}, []),
        ({"label!": ["tier"]}, ["cache"]),
        ({"driver": ["local"]}, ["cache", "data"]),
        ({"driver": ["nfs"]}, []),
        ({"dangling": ["true"]}, ["cache"]),
        ({"dangling": ["1"], "name": ["data"]}, []),
        ({"dangling": ["false"]}, ["data"]),
    ],
)
def test_filters(volumes: Volumes, filters: dict[str, list[str]], expected: list[str]) -> None:
    volumes.create("data", "", {"tier": "1"}, {})
    volumes.create("cache", "", {}, {})
    volumes.users = lambda name: ["c"] if name == "data" else []
    assert names(volumes, filters) == expected


def test_an_unknown_filter_is_refused(volumes: Volumes) -> None:
    volumes.create("data", "", {}, {})
    with pytest.raises(Invalid, match="invalid filter 'size'"):
        volumes.list({"size": ["1"]})


def test_usage_is_measured_when_asked_for(volumes: Volumes) -> None:
    volume = volumes.create("data", "", {}, {})
    (volume.path / "file").write_bytes(b"x" * 100_000)
    (found,) = volumes.list(usage=True)
    assert found.size_bytes >= 100_000
    assert found.document()["UsageData"]["RefCount"] == 0
    assert volumes.list()[0].size_bytes == -1


def test_a_file_of_two_names_takes_the_disk_once(volumes: Volumes) -> None:
    volume = volumes.create("data", "", {}, {})
    (volume.path / "file").write_bytes(b"x" * 100_000)
    before = volumes.list(usage=True)[0].size_bytes
    (volume.path / "again").hardlink_to(volume.path / "file")
    assert volumes.list(usage=True)[0].size_bytes == before


def test_prune_takes_the_anonymous_that_nobody_uses(volumes: Volumes, place: Place) -> None:
    volumes.create("named", "", {}, {})
    unused, used = volumes.create("", "", {}, {}), volumes.create("", "", {}, {})
    volumes.users = lambda name: ["c"] if name == used.name else []
    assert volumes.prune({}).ids == [unused.name]
    assert volumes.prune({"all": ["true"]}).ids == ["named"]
    assert names(volumes, {}) == [used.name]
    assert place.told.events[-1].action == "prune"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), st.text(max_size=5), st.text(max_size=5))
def test_a_label_filter_is_a_key_or_a_key_and_its_value(labels: dict[str, str], key: str, value: str) -> None:
    key = key.replace("=", "")
    assert has_label(labels, key) == (key in labels)
    assert has_label(labels, f"{key}={value}") == (labels.get(key) == value)


# Another life


def test_volumes_are_there_after_a_restart(place: Place) -> None:
    volume = place.up().create("data", "", {"a": "b"}, {})
    (volume.path / "file").write_text("x")
    assert place.up().get("data") == volume
    assert (volume.path / "file").read_text() == "x"


def test_a_directory_without_a_row_is_what_a_crash_left(place: Place) -> None:
    place.up()
    (place.instance.volumes / "half" / "_data").mkdir(parents=True)
    place.up()
    assert not place.directories()


def test_a_row_without_a_directory_gets_one(place: Place) -> None:
    path = place.up().create("data", "", {}, {}).path
    path.rmdir()
    place.up()
    assert path.is_dir()
