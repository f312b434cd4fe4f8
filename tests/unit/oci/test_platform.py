"""Platforms are spelt in one way, and the best of an index is found."""

import pytest

from wherry.kit.errors import Invalid
from wherry.oci import mediatypes, model
from wherry.oci.platform import Platform, host


def descriptor(text: str, position: int = 0) -> model.Descriptor:
    """A manifest for ``text``; empty: it does not say."""
    said = Platform.parse(text).wire() if text else None
    digest = "sha256:" + f"{position:064x}"
    return model.Descriptor(media_type=mediatypes.OCI_MANIFEST, digest=digest, size=1, platform=said)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("Linux/AArch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("arm64", "linux/arm64"),
        ("i386", "linux/386"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_there_is_one_spelling(text: str, normal: str) -> None:
    assert str(Platform.parse(text)) == normal
    assert str(Platform.parse(normal)) == normal


@pytest.mark.parametrize("text", ["linux/a/b/c", "linux/a b", "linux/", "/amd64", "linux//v7", "linux/ä"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cannot parse platform specifier"):
        Platform.parse(text)


def test_what_is_not_said_is_this_machines() -> None:
    assert Platform.parse("") == Platform.parse("linux") == host()
    assert host().os == "linux"


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/arm64", "linux/s390x"], None),
        ("linux/amd64", ["linux/amd64/v3"], None),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm/v8"], "linux/arm/v6"),
        ("linux/arm64", ["windows/arm64"], None),
        ("linux/amd64", ["linux/386"], None),
    ],
)
def test_the_best_of_an_index_is_chosen(wanted: str, offered: list[str], chosen: str | None) -> None:
    found = Platform.parse(wanted).best(descriptor(text, position) for position, text in enumerate(offered))
    assert (found and found.platform and str(Platform.of(found.platform))) == chosen


def test_the_machine_itself_may_run_more_than_its_own_architecture() -> None:
    offered = [descriptor("linux/386"), descriptor("linux/amd64/v4")]
    assert Platform.parse("linux/amd64").best(offered, compatible=True) == offered[0]


def test_a_manifest_that_does_not_say_fits_after_those_that_do() -> None:
    silent, spoken = descriptor("", 1), descriptor("linux/amd64", 2)
    assert Platform.parse("linux/amd64").best([silent, spoken]) == spoken
    assert Platform.parse("linux/arm64").best([silent, spoken]) == silent


def test_an_attestation_fits_nowhere() -> None:
    unknown = model.Platform(os="unknown", architecture="unknown")
    attestation = model.Descriptor(media_type="a/b", digest="sha256:" + "0" * 64, size=1, platform=unknown)
    assert Platform.parse("linux/amd64").best([attestation], compatible=True) is None


def test_an_images_platform_is_compared_in_normal_form() -> None:
    config = model.ImageConfig(architecture="arm64", variant="v8")
    assert Platform.parse("linux/arm64").accepts(Platform.of(config))
    assert not Platform.parse("linux/amd64").accepts(Platform.of(config))
