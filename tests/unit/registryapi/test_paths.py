"""What a path names."""

import pytest

from wherry.engine.registry.model import Code, Refused
from wherry.registryapi.paths import Kind, Target, parse


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v2", Target(Kind.BASE)),
        ("/v2/", Target(Kind.BASE)),
        ("/v2/_catalog", Target(Kind.CATALOG)),
        ("/v2/a/tags/list", Target(Kind.TAGS, "a")),
        ("/v2/a/b/c/tags/list", Target(Kind.TAGS, "a/b/c")),
        ("/v2/a/manifests/1", Target(Kind.MANIFEST, "a", "1")),
        ("/v2/a/b/manifests/sha256:00", Target(Kind.MANIFEST, "a/b", "sha256:00")),
        ("/v2/a/blobs/sha256:00", Target(Kind.BLOB, "a", "sha256:00")),
        ("/v2/a/blobs/sha256%3A00", Target(Kind.BLOB, "a", "sha256:00")),
        ("/v2/a/referrers/sha256:00", Target(Kind.REFERRERS, "a", "sha256:00")),
        ("/v2/a/blobs/uploads/", Target(Kind.UPLOADS, "a")),
        ("/v2/a/blobs/uploads", Target(Kind.UPLOADS, "a")),
        ("/v2/a/blobs/uploads/x-y", Target(Kind.UPLOAD, "a", "x-y")),
        ("/v2/manifests/manifests/manifests", Target(Kind.MANIFEST, "manifests", "manifests")),
        ("/v2/a/blobs/uploads/tags/list", Target(Kind.TAGS, "a/blobs/uploads")),
        ("/v2/tags/list/tags/list", Target(Kind.TAGS, "tags/list")),
        ("/v2/a/manifests/..", Target(Kind.MANIFEST, "a", "..")),
    ],
)
def test_paths_are_read_from_their_end(path: str, target: Target) -> None:
    assert parse(path) == target


@pytest.mark.parametrize("path", ["", "/", "/v1/", "/v2x", "/v2/a", "/v2/a/b", "/v2/a/tags", "/v2/a/tags/list/", "v2/"])
def test_other_paths_are_none(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize(
    "path", ["/v2/tags/list", "/v2/manifests/1", "/v2/blobs/uploads/", "/v2/A/tags/list", "/v2/a/../b/manifests/1",
             "/v2//manifests/1", "/v2/a//b/manifests/1", "/v2/%2e%2e/manifests/1", "/v2/a%2Fb/blobs/sha256:00"]
)  # fmt: skip
def test_a_path_with_a_wrong_name_is_refused(path: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(path)
    assert refusal.value.code is Code.NAME_INVALID
