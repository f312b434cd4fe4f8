"""Dockerfile instructions applied to a configuration."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.images.changes import apply_changes
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig, Healthcheck

SECOND = 1_000_000_000


def changed(*changes: str, base: ContainerConfig | None = None) -> dict[str, Any]:
    config = apply_changes(base or ContainerConfig(), changes)
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
    return document


def ports(*names: str) -> dict[str, Any]:
    return {name: {} for name in names}


@pytest.mark.parametrize(
    ("changes", "document"),
    [
        (["CMD echo hi"], {"Cmd": ["/bin/sh", "-c", "echo hi"]}),
        (['CMD ["echo"]'], {"Cmd": ["echo"]}),
        (['ENTRYPOINT ["/init"]'], {"Entrypoint": ["/init"]}),
        (["entrypoint /init"], {"Entrypoint": ["/bin/sh", "-c", "/init"]}),
        (["ENV A=b", "ENV A=c D=$A"], {"Env": ["A=c", "D=b"]}),
        (["ENV A b c"], {"Env": ["A=b c"]}),
        (["LABEL a=b 'c d'=\"e f\""], {"Labels": {"a": "b", "c d": "e f"}}),
        (["EXPOSE 80 53/UDP 8000-8001/sctp"], {"ExposedPorts": ports("80/tcp", "53/udp", "8000/sctp", "8001/sctp")}),
        (["ENV P=80", "EXPOSE $P"], {"Env": ["P=80"], "ExposedPorts": ports("80/tcp")}),
        (["ONBUILD RUN x"], {"OnBuild": ["RUN x"]}),
        (["USER 1000:1000"], {"User": "1000:1000"}),
        (["VOLUME /data /x"], {"Volumes": {"/data": {}, "/x": {}}}),
        (["WORKDIR /a", "WORKDIR b/../c"], {"WorkingDir": "/a/c"}),
        (["STOPSIGNAL SIGTERM"], {"StopSignal": "SIGTERM"}),
        (["STOPSIGNAL 9"], {"StopSignal": "9"}),
        (["STOPSIGNAL RTMIN+3"], {"StopSignal": "RTMIN+3"}),
        (["HEALTHCHECK NONE"], {"Healthcheck": {"Test": ["NONE"]}}),
        (
            ["HEALTHCHECK --interval=5s --timeout=1m --retries=2 --start-period=1s --start-interval=2s CMD x y"],
            {
                "Healthcheck": {
                    "Test": ["CMD-SHELL", "x y"],
                    "Interval": 5 * SECOND,
                    "Timeout": 60 * SECOND,
                    "Retries": 2,
                    "StartPeriod": SECOND,
                    "StartInterval": 2 * SECOND,
                }
            },
        ),
        (['HEALTHCHECK CMD ["x"]'], {"Healthcheck": {"Test": ["CMD", "x"]}}),
    ],
)  # fmt: skip
def test_a_change_makes(changes: list[str], document: dict[str, Any]) -> None:
    assert changed(*changes) == document


def test_an_entrypoint_resets_an_inherited_command_only() -> None:
    base = ContainerConfig(cmd=["old"])
    assert changed('ENTRYPOINT ["/init"]', base=base) == {"Entrypoint": ["/init"]}
    assert changed('CMD ["new"]', 'ENTRYPOINT ["/init"]', base=base) == {"Cmd": ["new"], "Entrypoint": ["/init"]}


def test_the_shell_form_uses_the_images_shell() -> None:
    base = ContainerConfig(shell=["/bin/bash", "-ec"])
    assert changed("CMD x", base=base)["Cmd"] == ["/bin/bash", "-ec", "x"]


def test_no_changes_leave_the_configuration() -> None:
    base = ContainerConfig(cmd=["x"], healthcheck=Healthcheck(test=["NONE"]))
    assert apply_changes(base, []) is base


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("RUN x", "RUN is not a valid change command"),
        ("from scratch", "from is not a valid change command"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV =x", "ENV names can not be blank"),
        ("LABEL", "LABEL requires at least one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("EXPOSE x", "invalid containerPort: x"),
        ("EXPOSE 80/icmp", 'invalid port: "80/icmp": invalid proto: icmp'),
        ("EXPOSE 70000", "invalid containerPort: 70000"),
        ("EXPOSE 9-8", "invalid containerPort: 9-8"),
        ("USER", "USER requires exactly one argument"),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("VOLUME", "VOLUME requires at least one argument"),
        ('VOLUME [""]', "VOLUME specified can not be an empty string"),
        ("STOPSIGNAL SIGNONE", "invalid signal: SIGNONE"),
        ("STOPSIGNAL 0", "invalid signal: 0"),
        ("ONBUILD", "ONBUILD requires at least one argument"),
        ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK RUN x", 'Unknown type "RUN" in HEALTHCHECK (try CMD)'),
        ("HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'),
        ("HEALTHCHECK --interval=x CMD x", 'time: invalid duration "x"'),
        ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
        ("HEALTHCHECK --nonsense=1 CMD x", "unknown flag: --nonsense"),
        ("CMD --nonsense x", "unknown flag: --nonsense"),
    ],
)
def test_refusals_have_dockers_words(change: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        changed("CMD fine", change)
    assert refused.value.message == message


@given(
    st.lists(st.sampled_from(["CMD", "ENV", "LABEL", "EXPOSE", "USER", "VOLUME", "HEALTHCHECK", "ONBUILD"])), st.text()
)
def test_any_change_is_applied_or_refused(names: list[str], rest: str) -> None:
    try:
        apply_changes(ContainerConfig(), [f"{name} {rest}" for name in names])
    except Invalid:
        pass
