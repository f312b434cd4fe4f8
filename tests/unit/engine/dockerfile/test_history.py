"""An image's history."""

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.history import created_by, makes_layer
from wherry.engine.dockerfile.scope import Scope
from wherry.engine.dockerfile.settings import Settings, apply
from wherry.oci.model import ContainerConfig

CONFIG = ContainerConfig(working_dir="/w", shell=["/bin/b", "-c"])


def text_of(text: str, scope: Scope | None = None) -> str:
    instruction = one(text)
    return created_by(instruction, apply(Settings(CONFIG), instruction).config, scope or Scope())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN echo a", "RUN /bin/b -c echo a # buildkit"),
        ('RUN ["echo", "a"]', "RUN echo a # buildkit"),
        ("RUN <<E\na\nE", "RUN /bin/b -c a\n # buildkit"),
        ("COPY a b /c", "COPY a b /c # buildkit"),
        (
            "COPY --from=x --link --exclude=y --parents --chown=1 --chmod=755 a /c",
            "COPY --parents --chown=1 --chmod=755 a /c # buildkit",
        ),
        ("COPY <<E a /c/\nE", "COPY a <<E /c/ # buildkit"),
        ("ADD --checksum=sha256:0 --chown=a http://x /y", "ADD --chown=a http://x /y # buildkit"),
        ("ENV a=b c=d", "ENV a=b c=d"),
        ("ENV a b c", "ENV a=b c"),
        ("LABEL a=b", "LABEL a=b"),
        ("ARG A=1 B", "ARG A=1 B"),
        ("CMD a 'b'", 'CMD ["/bin/b" "-c" "a \'b\'"]'),
        ('CMD ["a", "\\"b\\""]', 'CMD ["a" "\\"b\\""]'),
        ("ENTRYPOINT []", "ENTRYPOINT []"),
        ("EXPOSE 90 80-81/udp", "EXPOSE [80/udp 81/udp 90/tcp]"),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ("USER a:b", "USER a:b"),
        ("WORKDIR a", "WORKDIR /w/a"),
        ("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGTERM"),
        ('SHELL ["/bin/a", "-c"]', "SHELL [/bin/a -c]"),
        ("MAINTAINER A <b>", "MAINTAINER A <b>"),
        (
            "HEALTHCHECK --interval=90s --start-period=1500ms CMD a b",
            "HEALTHCHECK {Test:[CMD-SHELL a b] Interval:1m30s Timeout:0s StartPeriod:1.5s StartInterval:0s Retries:0}",
        ),
        ("ONBUILD RUN a", ""),
        ("FROM x", ""),
    ],
)
def test_an_entry_reads(text: str, expected: str) -> None:
    assert text_of(text) == expected


def test_a_run_tells_its_arguments() -> None:
    scope = Scope({"A": "env", "C": "3"}, {"A": "1", "B": None, "C": "3"})
    assert text_of("RUN x", scope) == "RUN |3 A=env B= C=3 /bin/b -c x # buildkit"


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("RUN a", True),
        ("COPY a /b", True),
        ("ADD a /b", True),
        ("WORKDIR a", True),
        ("WORKDIR /", False),
        ("ENV a=b", False),
        ("CMD a", False),
    ],
)
def test_some_instructions_make_layers(text: str, does: bool) -> None:
    instruction = one(text)
    assert makes_layer(instruction, apply(Settings(CONFIG), instruction).config) is does
