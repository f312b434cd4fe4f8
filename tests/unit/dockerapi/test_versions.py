"""The version in a path."""

import pytest

from wherry.dockerapi.versions import NEWEST, split_path
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("path", "version", "rest"),
    [
        ("/v1.24/_ping", 24, "/_ping"),
        ("/v1.22/images/get", 24, "/images/get"),
        ("/v1.12/info", 24, "/info"),
        ("/v1.51/containers/json", 51, "/containers/json"),
        ("/version", NEWEST, "/version"),
        ("/volumes/create", NEWEST, "/volumes/create"),
        ("/v1.40", 40, "/"),
        ("/v1.40x/info", NEWEST, "/v1.40x/info"),
    ],
)
def test_the_version_is_taken_off_the_path(path, version, rest) -> None:
    assert split_path(path) == (version, rest)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1.99/info", "client version 1.99 is too new. Maximum supported API version is 1.51"),
        ("/v2.0/info", "client version 2.0 is too new. Maximum supported API version is 1.51"),
        (
            "/v1.11/info",
            "client version 1.11 is too old. Minimum supported API version is 1.24, "
            "please upgrade your client to a newer version",
        ),
        (
            "/v0.40/info",
            "client version 0.40 is too old. Minimum supported API version is 1.24, "
            "please upgrade your client to a newer version",
        ),
    ],
)
def test_other_versions_are_refused_in_docker_s_words(path, message) -> None:
    with pytest.raises(Invalid) as refusal:
        split_path(path)
    assert refusal.value.message == message
