"""Instructions and configurations."""

from typing import Any

import msgspec
import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.scope import DEFAULT_PATH
from wherry.engine.dockerfile.settings import Settings, absolute, apply, beginning
from wherry.oci.model import ContainerConfig

SECOND = 1_000_000_000
BASE = ContainerConfig(
    cmd=["old"],
    env=["A=1", "B=2"],
    labels={"a": "1"},
    working_dir="/w",
    exposed_ports={"1/tcp": {}},
    volumes={"/v": {}},
)


def after(settings: Settings, *texts: str) -> Settings:
    for text in texts:
        settings = apply(settings, one(text))
    return settings


def document(settings: Settings) -> dict[str, Any]:
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings.config))
    return encoded


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["CMD echo hi"], {"Cmd": ["/bin/sh", "-c", "echo hi"]}),
        (['CMD ["echo"]'], {"Cmd": ["echo"]}),
        (["CMD []"], {}),
        (['ENTRYPOINT ["/init"]'], {"Entrypoint": ["/init"]}),
        (["ENTRYPOINT /init"], {"Entrypoint": ["/bin/sh", "-c", "/init"]}),
        (["ENTRYPOINT []"], {}),
        (['SHELL ["/bin/b", "-x"]', "CMD a"], {"Shell": ["/bin/b", "-x"], "Cmd": ["/bin/b", "-x", "a"]}),
        (["ENV A=b C=d", "ENV A=e"], {"Env": ["A=e", "C=d"]}),
        (["LABEL a=b c=d", "LABEL a=e"], {"Labels": {"a": "e", "c": "d"}}),
        (["EXPOSE 80 53/UDP 9:8"], {"ExposedPorts": {"80/tcp": {}, "53/udp": {}, "8/tcp": {}}}),
        (["VOLUME /a /b"], {"Volumes": {"/a": {}, "/b": {}}}),
        (["USER a:b"], {"User": "a:b"}),
        (["WORKDIR /a/", "WORKDIR b/../c"], {"WorkingDir": "/a/c"}),
        (["STOPSIGNAL sigterm"], {"StopSignal": "sigterm"}),
        (["STOPSIGNAL 9"], {"StopSignal": "9"}),
        (["STOPSIGNAL RTMIN+3"], {"StopSignal": "RTMIN+3"}),
        (["HEALTHCHECK NONE"], {"Healthcheck": {"Test": ["NONE"]}}),
        (
            ["HEALTHCHECK --interval=5s --retries=2 CMD x y"],
            {"Healthcheck": {"Test": ["CMD-SHELL", "x y"], "Interval": 5 * SECOND, "Retries": 2}},
        ),
        (['HEALTHCHECK CMD ["x"]'], {"Healthcheck": {"Test": ["CMD", "x"]}}),
        (["ONBUILD RUN a", "ONBUILD USER b"], {"OnBuild": ["RUN a", "USER b"]}),
        (["RUN a", "COPY a /b", "ADD a /b", "ARG A=b"], {}),
    ],
)
def test_instructions_make_a_configuration(texts: list[str], expected: dict[str, Any]) -> None:
    assert document(after(Settings(ContainerConfig()), *texts)) == expected


def test_what_the_base_has_stays() -> None:
    texts = ["ENV B=3 C=4", "LABEL b=2", "WORKDIR x", "EXPOSE 2", "VOLUME /u"]
    assert document(after(Settings(BASE), *texts)) == {
        "Cmd": ["old"],
        "Env": ["A=1", "B=3", "C=4"],
        "Labels": {"a": "1", "b": "2"},
        "WorkingDir": "/w/x",
        "ExposedPorts": {"1/tcp": {}, "2/tcp": {}},
        "Volumes": {"/v": {}, "/u": {}},
    }


def test_an_entrypoint_resets_an_inherited_command_only() -> None:
    assert after(Settings(BASE), 'ENTRYPOINT ["/i"]').config.cmd is None
    assert after(Settings(BASE), 'CMD ["new"]', 'ENTRYPOINT ["/i"]').config.cmd == ["new"]
    assert after(Settings(BASE), 'ENTRYPOINT ["/i"]', 'CMD ["new"]').config.cmd == ["new"]


def test_a_maintainer_is_an_author() -> None:
    assert after(Settings(BASE), "MAINTAINER A B") == Settings(BASE, author="A B")


def test_a_stage_begins_without_triggers_and_with_a_path() -> None:
    begun = beginning(msgspec.structs.replace(BASE, on_build=["RUN x"]), "me")
    assert begun.config == msgspec.structs.replace(BASE, env=["A=1", "B=2", f"PATH={DEFAULT_PATH}"])
    assert (begun.author, begun.has_cmd) == ("me", False)
    assert beginning(ContainerConfig(env=["PATH=/x"])).config.env == ["PATH=/x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("STOPSIGNAL SIGNONE", "invalid signal: SIGNONE"),
        ("STOPSIGNAL 0", "invalid signal: 0"),
        ("EXPOSE x", "invalid containerPort: x"),
    ],
)
def test_nonsense_is_refused_with_its_place(text: str, message: str) -> None:
    instruction = one(text)
    with pytest.raises(InvalidDockerfile) as refused:
        apply(Settings(BASE), instruction)
    assert (refused.value.message, refused.value.location) == (message, instruction.location)


@pytest.mark.parametrize(
    ("path", "working_dir", "expected"),
    [
        ("/a/../b/", "/w", "/a/../b/"),
        ("a", "/w", "/w/a"),
        ("a", "", "/a"),
        ("..", "/w/x", "/w"),
        ("../../..", "/w", "/"),
        ("", "/w", "/w"),
        (".", "", "/"),
        ("a", "//w", "/w/a"),
    ],
)
def test_paths_are_below_the_working_directory(path: str, working_dir: str, expected: str) -> None:
    assert absolute(path, working_dir) == expected
