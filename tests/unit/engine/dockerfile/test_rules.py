"""The rules of the linter."""

import pytest

from wherry.engine.dockerfile import rules
from wherry.engine.dockerfile.model import Location
from wherry.engine.dockerfile.rules import Finding, Rule

ALL = [value for value in vars(rules).values() if isinstance(value, Rule)]


def test_the_rules_have_buildkits_names() -> None:
    assert sorted(rule.name for rule in ALL) == [
        "ConsistentInstructionCasing",
        "CopyIgnoredFile",
        "DuplicateStageName",
        "ExposeInvalidFormat",
        "ExposeProtoCasing",
        "FromAsCasing",
        "FromPlatformFlagConstDisallowed",
        "InvalidBaseImagePlatform",
        "InvalidDefaultArgInFrom",
        "InvalidDefinitionDescription",
        "JSONArgsRecommended",
        "LegacyKeyValueFormat",
        "MaintainerDeprecated",
        "MultipleInstructionsDisallowed",
        "NoEmptyContinuation",
        "RedundantTargetPlatform",
        "ReservedStageName",
        "SecretsUsedInArgOrEnv",
        "StageNameCasing",
        "UndefinedArgInFrom",
        "UndefinedVar",
        "WorkdirRelativePath",
    ]


@pytest.mark.parametrize(
    ("rule", "page"),
    [
        (rules.JSON_ARGS_RECOMMENDED, "json-args-recommended"),
        (rules.FROM_AS_CASING, "from-as-casing"),
        (rules.SECRETS_USED_IN_ARG_OR_ENV, "secrets-used-in-arg-or-env"),
        (rules.UNDEFINED_VAR, "undefined-var"),
    ],
)
def test_a_rule_is_explained_somewhere(rule: Rule, page: str) -> None:
    assert rule.url == f"https://docs.docker.com/go/dockerfile/rule/{page}/"


def test_a_finding_reads_as_buildkits() -> None:
    finding = Finding(rules.STAGE_NAME_CASING, "Stage name 'X' should be lowercase", Location(3, 4))
    assert str(finding) == "StageNameCasing: Stage name 'X' should be lowercase (line 3)"
