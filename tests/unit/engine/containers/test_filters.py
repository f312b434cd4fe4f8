"""``docker ps --filter``."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.filters import Matcher
from wherry.engine.containers.model import Config, HostConfig, State
from wherry.engine.containers.ports import summary
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.networks.model import PortBinding
from wherry.kit.errors import Invalid, NotFound

WEB = row(
    id="aa" + "1" * 62,
    name="web",
    created=10,
    state=State.RUNNING,
    config=Config(Labels={"tier": "front", "env": "test"}, ExposedPorts={"80/tcp": {}, "8000-8002/udp": {}}),
    host=HostConfig(),
    mounts=[
        MountPoint(kind="volume", destination="/data", name="data", source="/volumes/data/_data"),
        MountPoint(kind="bind", destination="/etc/x", source="/host/x"),
    ],
)
JOB = row(id="ab" + "2" * 62, name="job", created=20, state=State.EXITED, exit_code=3, image="sha256:" + "2" * 64)
NEW = row(id="bb" + "3" * 62, name="web-2", created=30, host=HostConfig(NetworkMode="host"))
ALL = (WEB, JOB, NEW)


def find(ref: str) -> Container:
    for one in ALL:
        if ref in (one.id, one.name):
            return one
    raise NotFound(f"No such container: {ref}")


def listed(one: Container) -> Sequence[Mapping[str, Any]]:
    published = [PortBinding(80, "tcp", "0.0.0.0", 8080)] if one is WEB else []
    return summary(one.config.ExposedPorts, published) if one.is_active else []


def is_on(one: Container, network: str) -> bool:
    return network == (one.host.NetworkMode or "bridge")


def names(filters: Mapping[str, Sequence[str]]) -> list[str]:
    matcher = Matcher(find, lambda image, ancestor: image == ancestor, listed, is_on)
    matches = matcher.predicate(filters)
    return [one.name for one in ALL if matches(one)]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("id", ["aa"], ["web"]),
        ("id", ["a"], ["web", "job"]),
        ("name", ["web"], ["web", "web-2"]),
        ("name", ["^web$"], ["web"]),
        ("name", ["^/web$"], ["web"]),
        ("name", ["^/?j"], ["job"]),
        ("label", ["tier"], ["web"]),
        ("label", ["tier=front", "env=test"], ["web"]),
        ("label", ["tier=front", "env=other"], []),
        ("label!", ["tier"], ["job", "web-2"]),
        ("status", ["running", "created"], ["web", "web-2"]),
        ("exited", ["3"], ["job"]),
        ("exited", ["0"], []),
        ("ancestor", ["sha256:" + "2" * 64], ["job"]),
        ("before", ["job"], ["web"]),
        ("since", ["job"], ["web-2"]),
        ("volume", ["data"], ["web"]),
        ("volume", ["/data"], ["web"]),
        ("volume", ["/host/x"], ["web"]),
        ("network", ["bridge"], ["web", "job"]),
        ("network", ["host"], ["web-2"]),
        ("publish", ["8080"], ["web"]),
        ("publish", ["80"], []),
        ("expose", ["8001/udp"], ["web"]),
        ("expose", ["79-81"], ["web"]),
        ("health", ["none"], ["web", "job", "web-2"]),
        ("health", ["healthy"], []),
        ("is-task", ["false"], ["web", "job", "web-2"]),
        ("is-task", ["true"], []),
        ("isolation", ["default"], ["web", "job", "web-2"]),
    ],
)
def test_a_filter_matches(name: str, values: list[str], expected: list[str]) -> None:
    assert names({name: values}) == expected


def test_all_filters_must_match() -> None:
    assert names({"name": ["web"], "status": ["created"]}) == ["web-2"]
    assert names({}) == ["web", "job", "web-2"]
    assert names({"name": []}) == ["web", "job", "web-2"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("nonsense", "x", "invalid filter 'nonsense'"),
        ("status", "sleeping", "invalid filter 'status=sleeping'"),
        ("exited", "x", "invalid filter 'exited=x'"),
        ("name", "(", "invalid filter 'name=\\('"),
        ("is-task", "maybe", "invalid filter 'is-task=\\[maybe\\]'"),
        ("publish", "web", "invalid filter 'publish=web'"),
        ("before", "nobody", "No such container: nobody"),
    ],
)
def test_a_value_that_means_nothing_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises((Invalid, NotFound), match=words):
        names({name: [value]})


NAMES = st.sampled_from(["id", "name", "label", "status", "volume", "network", "health", "exited"])


@given(st.dictionaries(NAMES, st.lists(st.sampled_from(["a", "web", "running", "0", "none", "bridge"]), max_size=2)))
def test_more_filters_never_match_more(filters: dict[str, list[str]]) -> None:
    try:
        together = set(names(filters))
    except Invalid:
        return
    for name, values in filters.items():
        assert together <= set(names({name: values}))
