"""What clients send and want."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.mediatypes import (
    OF_OTHERS,
    PLAIN,
    PROTOBUF,
    YAML,
    Form,
    Wanted,
    accept,
    content_type,
    fitting,
    wanted,
)
from wherry.kube.machinery.status import StatusError

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
KUBECTL = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"


def test_a_content_type_has_parameters() -> None:
    for header in (
        'Application/JSON; Charset="utf-8"',
        " application/json ;charset = utf-8 ; ",
        "application/json;charset=utf-8;charset=utf-8",
    ):
        found = content_type(header)
        assert (found.type, found.parameters) == ("application/json", {"charset": "utf-8"})
    assert content_type("").type == "application/json"


@pytest.mark.parametrize(
    "header",
    ("application/json; x", "application/json;;a=b", "application/json, text/plain", "application/json;a=b;A=c",
     'application/json;a="b', "application/json;=b", "application /json", ";a=b"),
)  # fmt: skip
def test_what_go_cannot_read_is_no_content_type(header: str) -> None:
    assert content_type(header).type == header


def test_alternatives_are_ordered_by_quality_and_then_as_they_stand() -> None:
    found = accept("a/b;q=0.5, c/d, e/f;q=0, */*;q=0.1, g/h;q=0.5, *;q=0.2")
    assert [each.type for each in found] == ["c/d", "a/b", "g/h", "*/*", "*/*"]
    assert accept("")[0].includes("application/json")


@pytest.mark.parametrize(
    ("header", "want"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        ("application/json", PLAIN),
        ("application/json;stream=watch", PLAIN),
        ("application/vnd.kubernetes.protobuf,application/json", PLAIN),
        ("application/vnd.kubernetes.protobuf, */*", PLAIN),
        ("application/yaml", Wanted(media_type=YAML)),
        (KUBECTL, Wanted(Form.TABLE, "v1")),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Wanted(Form.TABLE, "v1beta1")),
        ("application/json;as=Table;v=v7;g=meta.k8s.io,application/json", PLAIN),
        ("application/json;as=Table;v=v1;g=other,application/json", PLAIN),
        ("application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/yaml", Wanted(media_type=YAML)),
        (
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
            Wanted(Form.METADATA, "v1"),
        ),
        ("application/json;q=0.1;as=Table;v=v1;g=meta.k8s.io,application/json;q=0.9", PLAIN),
        (f"{TABLE};q=nonsense", Wanted(Form.TABLE, "v1")),
        (PROTOBUF, Wanted(media_type=PROTOBUF)),
        (f"text/html, {PROTOBUF};q=0.1", Wanted(media_type=PROTOBUF)),
        (f"{PROTOBUF},application/yaml", Wanted(media_type=YAML)),
        (f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Wanted(Form.METADATA, "v1", PROTOBUF)),
    ],
)
def test_the_first_that_can_be_given_is_given(header: str, want: Wanted) -> None:
    assert wanted(header) == want


@pytest.mark.parametrize(
    "header",
    ["text/html", TABLE.replace("json", "vnd.kubernetes.protobuf"), TABLE.replace("v1", "v7"), "*/*;q=0"],
)
def test_what_cannot_be_given_is_not_acceptable(header: str) -> None:
    with pytest.raises(StatusError, match="only the following media types are accepted: application/json") as caught:
        wanted(header)
    assert caught.value.code == 406


def test_of_custom_kinds_only_the_metadata_is_a_message() -> None:
    with pytest.raises(StatusError, match=r"accepted: application/json, application/yaml$"):
        wanted(PROTOBUF, accepted=OF_OTHERS)
    alone = f"{PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    assert wanted(alone, accepted=OF_OTHERS) == Wanted(Form.METADATA, "v1", PROTOBUF)


def test_a_resource_that_is_no_table_is_not_acceptable_as_one() -> None:
    with pytest.raises(StatusError) as caught:
        wanted(TABLE, forms=())
    assert caught.value.code == 406
    assert wanted(KUBECTL, forms=()) == PLAIN


def test_metadata_of_a_list_is_a_list() -> None:
    single, many = Wanted(Form.METADATA, "v1"), Wanted(Form.METADATA_LIST, "v1")
    assert fitting(single, is_list=False) is single
    assert fitting(many, is_list=True) is many
    assert fitting(PLAIN, is_list=True) is PLAIN
    for want, is_list in ((single, True), (many, False)):
        with pytest.raises(StatusError) as caught:
            fitting(want, is_list)
        assert caught.value.code == 406


def test_a_long_header_is_understood_and_not_kept() -> None:
    header = f"application/yaml;x={'y' * 60_000}"
    assert wanted(header) == Wanted(media_type=YAML)
    assert wanted(header) is not wanted(header)
    assert wanted("application/yaml;x=y") is wanted("application/yaml;x=y")


@given(st.text(alphabet='ab*/;=,q.0159 "json\x00é', max_size=60))
def test_any_header_is_understood_or_not_acceptable(header: str) -> None:
    content_type(header)
    qualities = [each.quality for each in accept(header)]
    assert qualities == sorted(qualities, reverse=True)
    try:
        wanted(header)
    except StatusError as error:
        assert error.code == 406
