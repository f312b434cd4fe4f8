"""The cache in an image."""

import json
from dataclasses import replace
from typing import Any

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.inline import MEMBER, keys_of, with_keys
from wherry.engine.build.layers import Layer
from wherry.engine.build.model import CachePlace, Ended
from wherry.engine.build.state import State
from wherry.oci import mediatypes
from wherry.oci.platform import host

TEXT = "FROM scratch\nRUN put a 1\nENV A=1\nRUN put b 2\n"


async def test_the_image_says_what_made_its_layers(workshop: Workshop) -> None:
    plain = await workshop.build(TEXT)
    saying = await workshop.build(TEXT, inline_cache=True)
    assert saying.image.id != plain.image.id
    assert keys_of(plain.image, workshop.engine.base.layers(plain.image)) == {}
    found = keys_of(saying.image, workshop.engine.base.layers(saying.image))
    made = {record.key: record.layer for record in workshop.cache.records()}
    assert {key: (one.diff_id, one.blob) for key, one in found.items()} == {
        key: (one.diff_id, one.blob) for key, one in made.items()
    }


async def test_who_asks_for_it_need_not_run_anything(workshop: Workshop) -> None:
    await workshop.build(TEXT, inline_cache=True, tags=["cache:1"])
    await workshop.builds.prune(everything=True)
    await workshop.build(TEXT)
    assert not any(event.cached for event in workshop.all_of(Ended))  # no image is believed unasked
    await workshop.builds.prune(everything=True)
    await workshop.build(TEXT, cache_from=[CachePlace("registry", "cache:1")])
    assert [event.cached for event in workshop.all_of(Ended)] == [False, True, False, True]


def test_steps_that_are_not_known_are_left_out() -> None:
    layer = Layer("sha256:" + "a" * 64, "", 1, mediatypes.OCI_LAYER_GZIP, 1)
    state = replace(State(host(), 0), layers=(layer,))
    assert json.loads(with_keys(b"{}", state, {})) == {MEMBER: {}}


async def test_nonsense_is_no_key(workshop: Workshop) -> None:
    built = await workshop.build(TEXT)
    layers = workshop.engine.base.layers(built.image)
    for said in ([], "x", {"0": "short"}, {"0": 5}, {"0": "Z" * 64}, {"x": "a" * 64}, {"7": "a" * 64}):
        document = {**json.loads(built.image.config_bytes), MEMBER: said}

        class Image:
            config_bytes = json.dumps(document).encode()

        image: Any = Image()
        assert keys_of(image, layers) == {}
