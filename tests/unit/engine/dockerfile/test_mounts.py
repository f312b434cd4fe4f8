"""``RUN --mount``."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.model import Mount, MountFlag, MountType, Sharing
from wherry.engine.dockerfile.mounts import mount, mount_flag
from wherry.kit.errors import Invalid

VARIABLES = {"X": "value", "N": "1000"}


def read(text: str) -> Mount:
    return mount(mount_flag(text), VARIABLES.get, "\\")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("target=/x", {"target": "/x"}),
        ("type=bind,dst=/x,src=a,from=base,rw", {"target": "/x", "source": "a", "from_": "base", "read_only": False}),
        ("destination=/x,readonly=false", {"target": "/x", "read_only": False}),
        ("dst=/x,rw=false", {"target": "/x", "read_only": True}),
        ("type=cache,target=/c", {"type": MountType.CACHE, "target": "/c", "read_only": False}),
        (
            "type=CACHE,target=/c,id=$X,sharing=Locked,mode=0750,uid=$N,gid=1,ro",
            {
                "type": MountType.CACHE,
                "target": "/c",
                "id": "value",
                "sharing": Sharing.LOCKED,
                "mode": 0o750,
                "uid": 1000,
                "gid": 1,
                "read_only": True,
            },
        ),
        (
            "type=tmpfs,target=/t,size=64m",
            {"type": MountType.TMPFS, "target": "/t", "size_bytes": 64 << 20, "read_only": False},
        ),
        (
            "type=tmpfs,dst=/t,size=1.5GiB",
            {"type": MountType.TMPFS, "target": "/t", "size_bytes": 3 << 29, "read_only": False},
        ),
        ("type=secret,id=s,required", {"type": MountType.SECRET, "id": "s", "required": True}),
        ("type=secret,id=s,required=false,env=TOKEN", {"type": MountType.SECRET, "id": "s", "env": "TOKEN"}),
        ("type=secret,target=/x", {"type": MountType.SECRET, "target": "/x"}),
        ("type=ssh", {"type": MountType.SSH}),
        ("type=ssh,id=a,mode=0600,required=true", {"type": MountType.SSH, "id": "a", "mode": 0o600, "required": True}),
        ("type=${T:-cache},target=/$X", {"type": MountType.CACHE, "target": "/value", "read_only": False}),
        ('type=bind,"target=/a,b"', {"target": "/a,b"}),
    ],
)
def test_options_are_read(text: str, expected: dict[str, Any]) -> None:
    assert read(text) == Mount(**expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type=bin", 'unsupported mount type "bin" (did you mean bind?)'),
        ("type=volume", 'unsupported mount type "volume"'),
        ("tpye=bind", "unexpected key 'tpye' in 'tpye=bind' (did you mean type?)"),
        ("nonsense", "invalid field 'nonsense' must be a key=value pair"),
        ("type", "invalid field 'type' must be a key=value pair"),
        ("ro=maybe", "invalid value for ro: maybe"),
        ("required", "unexpected key 'required' for mount type 'bind'"),
        ("type=cache,required=true", "unexpected key 'required' for mount type 'cache'"),
        ("size=1", "unexpected key 'size' for mount type 'bind'"),
        ("type=tmpfs,size=big", "invalid value for size: big"),
        ("type=cache,sharing=share", 'unsupported sharing value "share" (did you mean shared?)'),
        ("type=cache,mode=9", "invalid value 9 for mode"),
        ("type=cache,uid=root", "invalid value root for uid"),
        ("type=cache,gid=-1", "invalid value -1 for gid"),
        ("type=cache,uid=4294967296", "invalid value 4294967296 for uid"),
        ("mode=0755", 'mode not allowed for "bind" type mounts'),
        ("type=tmpfs,uid=1", 'uid not allowed for "tmpfs" type mounts'),
        ("type=bind,gid=1", 'gid not allowed for "bind" type mounts'),
        ("type=tmpfs,sharing=locked", "invalid cache sharing set for tmpfs mount"),
        ("type=secret", "invalid secret mount. one of source, target required"),
        ("type=secret,id=a,from=b", "secret mount should not have a from"),
        ("type=secret,id=a,sharing=shared", "secret mount should not define sharing"),
        ("type=secret,id=a,src=b", "both source and id can't be set"),
        ("from=$X", "'from' doesn't support variable expansion, define alias stage instead"),
        ("target=${", "failed to process \"${\": syntax error: missing '}'"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.message == message


def test_a_flag_knows_its_source_before_expansion() -> None:
    assert mount_flag("type=$T,from=base,target=/x") == MountFlag("type=$T,from=base,target=/x", "base")
    assert mount_flag("type=$T").from_ == ""


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except Invalid:
        pass
