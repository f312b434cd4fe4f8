"""References mean what they mean to Docker, and are refused in its words."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest
from wherry.oci.reference import PATH_LENGTH_LIMIT, Reference

DIGEST = "sha256:" + "0" * 64
FORMAT = "invalid reference format"

hosts = st.sampled_from(["docker.io", "localhost", "localhost:5000", "ghcr.io", "[::1]:5000", "Host", "10.0.0.1:1"])
components = st.from_regex(r"\A[a-z0-9]{1,8}(([._]|__|-{1,3})[a-z0-9]{1,8}){0,2}\Z")
paths = st.lists(components, min_size=1, max_size=4).map("/".join)
tags = st.none() | st.from_regex(r"\A[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}\Z")
digests = st.none() | st.binary(max_size=2).map(Digest.of)
references = st.builds(Reference, hosts, paths, tags, digests).filter(
    lambda one: one.domain != "docker.io" or "/" in one.path  # else parsing puts library/ before it
)


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("demo", "docker.io/library/demo", "demo"),
        ("demo:1", "docker.io/library/demo:1", "demo:1"),
        ("a__b--c.d", "docker.io/library/a__b--c.d", "a__b--c.d"),
        ("host:5", "docker.io/library/host:5", "host:5"),
        ("me/demo", "docker.io/me/demo", "me/demo"),
        ("library/demo", "docker.io/library/demo", "demo"),
        ("docker.io/demo", "docker.io/library/demo", "demo"),
        ("docker.io/library/me/demo", "docker.io/library/me/demo", "library/me/demo"),
        ("index.docker.io/demo", "docker.io/library/demo", "demo"),
        ("index.docker.io/me/demo:1", "docker.io/me/demo:1", "me/demo:1"),
        ("localhost/demo", "localhost/demo", "localhost/demo"),
        ("localhost:5000/demo:1", "localhost:5000/demo:1", "localhost:5000/demo:1"),
        ("[::1]:5000/demo", "[::1]:5000/demo", "[::1]:5000/demo"),
        ("ghcr.io/me/demo", "ghcr.io/me/demo", "ghcr.io/me/demo"),
        ("Host/demo", "Host/demo", "Host/demo"),
        (f"demo@{DIGEST}", f"docker.io/library/demo@{DIGEST}", f"demo@{DIGEST}"),
        (f"demo:1@{DIGEST}", f"docker.io/library/demo:1@{DIGEST}", f"demo:1@{DIGEST}"),
    ],
)
def test_short_forms_mean_docker_hub(text: str, canonical: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert (str(reference), reference.familiar()) == (canonical, familiar)
    assert Reference.parse(familiar) == Reference.parse(canonical) == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FORMAT),
        ("/a", FORMAT),
        ("-a", FORMAT),
        ("a..b", FORMAT),
        ("a//b", FORMAT),
        ("a/b:c/d", FORMAT),
        ("demo:", FORMAT),
        ("demo:-x", FORMAT),
        ("demo:" + "t" * 129, FORMAT),
        ("demo\n", FORMAT),
        ("ü", FORMAT),
        ("localhost/", FORMAT),
        ("http://x/y", FORMAT),
        ("demo@sha256:12", FORMAT),
        ("a/" * 2000 + "a", FORMAT),
        ("Demo", f"{FORMAT}: repository name (library/Demo) must be lowercase"),
        ("me/Demo:1", f"{FORMAT}: repository name (me/Demo) must be lowercase"),
        ("demo@md5:" + "0" * 32, "unsupported digest algorithm"),
        ("a/" + "b" * PATH_LENGTH_LIMIT, "repository name must not be more than 255 characters"),
        ("a" * 64, f"invalid repository name ({'a' * 64}), cannot specify 64-byte hexadecimal strings"),
    ],
)
def test_nonsense_is_refused_in_docker_s_words(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Reference.parse(text)
    assert refusal.value.message == message


def test_the_limit_counts_the_path_alone() -> None:
    path = "b" * PATH_LENGTH_LIMIT
    assert Reference.parse(f"registry.example.org:5000/{path}").path == path


def test_a_hub_name_that_looks_like_a_host_is_shortened_as_docker_does() -> None:
    # Its canonical form is what identifies it: the short one names another repository.
    reference = Reference.parse("docker.io/localhost/demo")
    assert reference.familiar() == "localhost/demo"
    assert Reference.parse(reference.familiar()) != reference
    assert Reference.parse(str(reference)) == reference


def test_latest_is_meant_where_neither_tag_nor_digest_is_said() -> None:
    assert Reference.parse("demo").tagged().familiar() == "demo:latest"
    assert Reference.parse("demo:1").tagged().familiar() == "demo:1"
    assert Reference.parse(f"demo@{DIGEST}").tagged().familiar() == f"demo@{DIGEST}"


def test_a_reference_is_built_from_docker_s_two_parameters() -> None:
    assert Reference.build("demo").familiar() == "demo"
    assert Reference.build("demo", "2").familiar() == "demo:2"
    assert Reference.build("demo:1", "2").familiar() == "demo:2"
    assert Reference.build("demo", DIGEST).familiar() == f"demo@{DIGEST}"
    with pytest.raises(Invalid, match="invalid tag format"):
        Reference.build("demo", "no tag")
    with pytest.raises(Invalid, match="unsupported digest algorithm"):
        Reference.build("demo", "md5:0")


def test_a_tag_is_changed_and_the_digest_stays() -> None:
    reference = Reference.parse(f"demo:1@{DIGEST}")
    assert reference.with_tag("2").familiar() == f"demo:2@{DIGEST}"
    assert reference.with_digest(Digest.of(b"")).tag == "1"
    assert reference.name_only().familiar() == "demo"
    assert reference.name_only().is_name_only
    with pytest.raises(Invalid):
        reference.with_tag("")


@given(references)
@example(Reference("localhost", "a" * 64))
def test_a_reference_is_read_as_it_is_written(reference: Reference) -> None:
    assert Reference.parse(str(reference)) == reference


@given(references.filter(lambda one: one.domain != "docker.io"))
def test_outside_docker_hub_the_familiar_form_is_the_canonical(reference: Reference) -> None:
    assert reference.familiar() == str(reference)


@given(st.text(max_size=60) | st.text("aB0./:@-_[]", max_size=30))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except Invalid:
        return
    assert Reference.parse(str(reference)) == reference
