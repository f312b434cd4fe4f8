"""Findings that need variables."""

import pytest

from wherry.engine.dockerfile.lint import Circumstances
from wherry.engine.dockerfile.lint_variables import variable_findings
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.scope import platform_arguments
from wherry.oci.model import ContainerConfig
from wherry.oci.platform import Platform

AMD = Platform.parse("linux/amd64")
AUTOMATIC = platform_arguments(AMD, AMD, "")
NO_NAME = "results in empty or invalid base image name"
SECRETS = "SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data"
SIGNALS = "to prevent unintended behavior related to OS signals"
CONSTANT = "FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value"


def found(text: str, circumstances: Circumstances | None = None) -> list[str]:
    known = circumstances or Circumstances(automatic=AUTOMATIC)
    return [str(finding) for finding in variable_findings(parse(text), known)]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("FROM scratch\nENV A=1\nENV B=$A$PATH", []),
        ("FROM scratch\nENV B=$A", ["UndefinedVar: Usage of undefined variable '$A' (line 2)"]),
        (
            "FROM scratch\nENV NAME=1\nENV B=$NAEM",
            ["UndefinedVar: Usage of undefined variable '$NAEM' (did you mean $NAME?) (line 3)"],
        ),
        ("FROM scratch\nARG A\nENV B=$A", []),
        ("FROM scratch\nARG A=$B", ["UndefinedVar: Usage of undefined variable '$B' (line 2)"]),
        ("FROM scratch AS x\nENV A=1\nFROM x\nENV B=$A", []),
        ("FROM image\nENV B=$A", []),
        ("FROM scratch\nRUN echo $A", []),
        (
            "FROM $BASE",
            [
                "UndefinedArgInFrom: FROM argument 'BASE' is not declared (line 1)",
                f"InvalidDefaultArgInFrom: Default value for ARG $BASE {NO_NAME} (line 1)",
            ],
        ),
        (
            "ARG VERSION=1\nFROM a:$VERSOIN",
            [
                "UndefinedArgInFrom: FROM argument 'VERSOIN' is not declared (did you mean VERSION?) (line 2)",
                f"InvalidDefaultArgInFrom: Default value for ARG a:$VERSOIN {NO_NAME} (line 2)",
            ],
        ),
        (
            "ARG TAG\nFROM a:$TAG",
            [f"InvalidDefaultArgInFrom: Default value for ARG a:$TAG {NO_NAME} (line 2)"],
        ),
        ("ARG TAG=1\nFROM a:${TAG}", []),
        (
            "FROM --platform=$TARGETPLATFORM a",
            [
                "RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant"
                " as this is the default behavior (line 1)"
            ],
        ),
        ("FROM --platform=$BUILDPLATFORM a", []),
        (
            "FROM --platform=linux/arm64 a AS b",
            [f'{CONSTANT} "linux/arm64" (line 1)'],
        ),
        ("FROM --platform=linux/arm64 a AS build-arm64", []),
        (
            "FROM scratch\nARG MY_TOKEN\nENV API_KEY=1 PUBLIC_KEY=2 KEYBOARD=3",
            [
                f'{SECRETS} (ARG "MY_TOKEN") (line 2)',
                f'{SECRETS} (ENV "API_KEY") (line 3)',
            ],
        ),
        (
            "FROM scratch\nWORKDIR a\nWORKDIR b",
            [
                'WorkdirRelativePath: Relative workdir "a" can have unexpected results'
                " if the base image changes (line 2)"
            ],
        ),
        ("FROM scratch AS x\nWORKDIR /a\nFROM x\nWORKDIR b", []),
        (
            "FROM scratch\nCMD a\nENTRYPOINT b",
            [
                f"JSONArgsRecommended: JSON arguments recommended for CMD {SIGNALS} (line 2)",
                f"JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT {SIGNALS} (line 3)",
            ],
        ),
        ('FROM scratch\nSHELL ["/x"]\nCMD a', []),
        ('FROM scratch\nCMD ["a"]', []),
        (
            "FROM scratch\nEXPOSE 80/TcP 127.0.0.1:80:81",
            [
                "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found"
                " '127.0.0.1:80:81' (line 2)",
                "ExposeProtoCasing: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase (line 2)",
            ],
        ),
        ("ARG A=${B:?x}\nFROM scratch\nENV C=$D", []),
        ("FROM scratch\nENV C=${D:?x}\nENV E=$F", ["UndefinedVar: Usage of undefined variable '$F' (line 3)"]),
    ],
)
def test_following_variables_shows(text: str, findings: list[str]) -> None:
    assert found(text) == findings


def test_a_known_base_has_an_environment() -> None:
    known = Circumstances(bases={0: ContainerConfig(env=["A=1"], shell=["/x"])})
    assert found("FROM image\nENV B=$A$OTHER\nCMD x", known) == [
        "UndefinedVar: Usage of undefined variable '$OTHER' (line 2)"
    ]


def test_build_arguments_are_defined() -> None:
    known = Circumstances(build_args={"TAG": "1", "A": "x"})
    assert found("ARG TAG\nFROM scratch AS a\nARG A=$NONE\nENV B=$A", known) == []


def test_ignored_files_are_named() -> None:
    known = Circumstances(ignores=lambda path: path.startswith("secret"))
    text = "FROM scratch\nCOPY ./secret a /\nADD secret.tar http://secret /\nCOPY --from=x secret /\nCOPY . /"
    assert found(text, known) == [
        'CopyIgnoredFile: Attempting to Copy file "secret" that is excluded by .dockerignore (line 2)',
        'CopyIgnoredFile: Attempting to Add file "secret.tar" that is excluded by .dockerignore (line 3)',
    ]
