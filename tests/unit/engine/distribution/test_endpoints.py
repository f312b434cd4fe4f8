"""Which servers stand for a registry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.distribution.endpoints import Endpoint, Endpoints, Mirror
from wherry.kit.errors import Invalid


def urls(endpoints: Endpoints, domain: str) -> list[str]:
    return [endpoint.url for endpoint in endpoints.to_pull(domain)]


def test_docker_io_is_answered_by_another_host() -> None:
    assert list(Endpoints().to_pull("docker.io")) == [Endpoint("https://registry-1.docker.io")]


def test_others_answer_for_themselves_by_https_only() -> None:
    assert list(Endpoints().to_pull("quay.io")) == [Endpoint("https://quay.io")]


@pytest.mark.parametrize("domain", ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"])
def test_this_machine_may_have_no_certificate(domain: str) -> None:
    assert list(Endpoints().own(domain)) == [
        Endpoint(f"https://{domain}", verified=False),
        Endpoint(f"http://{domain}"),
    ]


def test_insecure_registries() -> None:
    endpoints = Endpoints(insecure=["registry.lan:5000", "http://other.lan", "10.0.0.0/8", "Upper.lan"])
    assert not endpoints.is_secure("registry.lan:5000")
    assert endpoints.is_secure("registry.lan:5001")
    assert not endpoints.is_secure("other.lan")
    assert not endpoints.is_secure("upper.lan")
    assert not endpoints.is_secure("10.1.2.3:80")
    assert endpoints.is_secure("11.1.2.3:80")
    assert endpoints.is_secure("docker.io")


def test_mirrors_come_first_and_each_has_its_registry() -> None:
    endpoints = Endpoints(["https://a.lan", "quay.io=http://b.lan:80/quay/io/", "docker.io=https://c.lan:8443"])
    assert urls(endpoints, "docker.io") == ["https://a.lan", "https://c.lan:8443", "https://registry-1.docker.io"]
    quay = endpoints.to_pull("quay.io")
    assert quay[0] == Endpoint("http://b.lan", "quay/io", verified=True, own=False)
    assert quay[0].repository("team/app") == "quay/io/team/app"
    assert quay[1] == Endpoint("https://quay.io")
    assert quay[1].repository("team/app") == "team/app"
    assert urls(endpoints, "ghcr.io") == ["https://ghcr.io"]
    assert list(endpoints.own("docker.io")) == [Endpoint("https://registry-1.docker.io")]


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        ("http://127.0.0.1:5000", Mirror("docker.io", "http://127.0.0.1:5000", "")),
        ("https://harbor.lan/v2/hub", Mirror("docker.io", "https://harbor.lan", "hub")),
        ("https://harbor.lan/v2/", Mirror("docker.io", "https://harbor.lan", "")),
        ("index.docker.io=https://a", Mirror("docker.io", "https://a", "")),
        ("Registry.lan:5000=https://a/b", Mirror("registry.lan:5000", "https://a", "b")),
    ],
)
def test_a_mirror_is_read(text: str, mirror: Mirror) -> None:
    assert Mirror.parse(text) == mirror


@pytest.mark.parametrize(
    "text",
    ["", "mirror.lan", "ftp://a", "https://user:secret@a", "https://a?b=c", "https://a#b", "a b=https://c",
     "https://a/Upper", "https://a/b//c/..", "https://a/../b", "=https://a"],
)  # fmt: skip
def test_what_is_no_mirror(text: str) -> None:
    with pytest.raises(Invalid, match="invalid mirror"):
        Mirror.parse(text)


@pytest.mark.parametrize("text", ["", "a b", "10.0.0.0/99", "10.0.0.1/8", "a/b", "https://"])
def test_what_is_no_registry(text: str) -> None:
    with pytest.raises(Invalid, match="insecure registry"):
        Endpoints(insecure=[text])


@given(st.text(max_size=30))
def test_any_text_is_a_setting_or_a_refusal(text: str) -> None:
    for make in (lambda: Endpoints([text]), lambda: Endpoints(insecure=[text])):
        try:
            make()
        except Invalid:
            pass


def test_docker_info_tells_them() -> None:
    document = Endpoints(["http://127.0.0.1:5000", "quay.io=https://m/q"], ["r.lan:5000", "10.0.0.0/8"]).document()
    assert document["Mirrors"] == ["http://127.0.0.1:5000/"]
    assert document["InsecureRegistryCIDRs"] == ["::1/128", "127.0.0.0/8", "10.0.0.0/8"]
    assert document["IndexConfigs"]["quay.io"] == {
        "Mirrors": ["https://m/q/"], "Name": "quay.io", "Official": False, "Secure": True
    }  # fmt: skip
    assert document["IndexConfigs"]["r.lan:5000"]["Secure"] is False
    assert document["IndexConfigs"]["docker.io"]["Official"] is True
    assert Endpoints().document()["Mirrors"] is None
