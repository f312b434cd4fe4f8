"""What an image says of itself."""

import pytest
from msgspec.structs import replace

from tests.unit.engine.images.test_filters import image
from wherry.oci.model import History, ImageConfig


@pytest.mark.parametrize(
    ("config", "comment"),
    [
        (ImageConfig(), ""),
        (ImageConfig(comment="own"), "own"),
        (ImageConfig(history=[History(comment="first"), History(comment="last")]), "last"),
        (ImageConfig(comment="own", history=[History(comment="last")]), "own"),
    ],
)
def test_the_comment_is_its_own_or_the_last_steps(config: ImageConfig, comment: str) -> None:
    assert replace(image(1), config=config).comment == comment
