"""The corpus of Dockerfiles, built for real: configuration, files, history and errors are as each case says."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.cases import Case, cases
from tests.kernel.builds import Failed, build, cached, look, remove_caches, shown
from tests.kernel.rig import IMAGE, Rig


def request_of(case: Case, empty: Path) -> dict[str, Any]:
    options = case.options
    return {
        "context": str(case.context or empty),
        "dockerfile": case.dockerfile.read_text(errors="surrogateescape"),
        "tags": [f"corpus:{case.name[:60]}"],
        "build_args": options.build_args,
        "target": options.target,
        "secrets": {name: base64.b64encode(text.encode()).decode() for name, text in options.secrets.items()},
    }


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_dockerfile(case: Case, builder: Rig, tmp_path: Path) -> None:
    request = request_of(case, tmp_path)
    if case.error:
        with pytest.raises(Failed) as failure:
            build(builder, request)
        assert case.error in str(failure.value)
        return
    built = build(builder, request)
    image = builder.docker.api.inspect_image(built["id"])
    for name, expected in case.config.items():
        assert (image["Config"].get(name) or None) == (expected or None), name
    assert image["Author"] == case.author or not case.author
    if case.history:
        history = [entry["CreatedBy"] for entry in reversed(builder.docker.api.history(built["id"]))]
        assert history[-len(case.history) :] == case.history
    with shown(builder, built["id"]) as root:
        for path, expected in case.files.items():
            found = look(root, path)
            if expected is None:
                assert found is None, f"{path} is there"
                continue
            assert found is not None, f"{path} is missing"
            assert {name: found.get(name) for name in expected} == expected, path


def test_the_same_corpus_gives_the_same_images_elsewhere(builder: Rig, tmp_path: Path) -> None:
    """Another instance, with its own cache, at another time: every image has the same id."""
    other = Rig()
    try:
        other.up()
        other.docker.images.load(b"".join(builder.docker.api.get_image(IMAGE)))
        for case in [one for one in cases() if not one.error][::6]:
            request = request_of(case, tmp_path)
            here, there = build(builder, request), build(other, request)
            assert not any(cached(there)[1:]), "the other instance has a cache of its own"
            assert there["id"] == here["id"], case.name
        remove_caches(other)
    finally:
        left = other.close()
    assert not left
