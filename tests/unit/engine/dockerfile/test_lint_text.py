"""Findings in the text of a Dockerfile."""

import pytest

from wherry.engine.dockerfile.lint_text import text_findings, written
from wherry.engine.dockerfile.parser import parse


def found(text: str) -> list[str]:
    return [str(finding) for finding in text_findings(parse(text))]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("FROM a\nRUN b", []),
        ("FROM a AS Bad", ["StageNameCasing: Stage name 'Bad' should be lowercase (line 1)"]),
        ("FROM a as b", ["FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)"]),
        ("from a AS b", ["FromAsCasing: 'AS' and 'from' keywords' casing do not match (line 1)"]),
        ("FROM a\nCOPY b \\\n\n c", ["NoEmptyContinuation: Empty continuation line (line 4)"]),
        ("FROM a\nRUN b \\\n\n <<E\nx\nE", ["NoEmptyContinuation: Empty continuation line (line 4)"]),
        (
            "FROM a\ncopy b c\nCOPY d e",
            [
                "ConsistentInstructionCasing: Command 'copy' should match the case of the command majority (uppercase)"
                " (line 2)"
            ],
        ),
        (
            "FROM a\nrun b\nrun c",
            [
                "ConsistentInstructionCasing: Command 'FROM' should match the case of the command majority (lowercase)"
                " (line 1)"
            ],
        ),
        (
            "FROM a\nRun b\nRUN c",
            [
                "ConsistentInstructionCasing: Command 'Run' should match the case of the command majority (uppercase)"
                " (line 2)"
            ],
        ),
        ("arg A\nFROM a", []),
        (
            "FROM a AS b\nFROM c AS b",
            ['DuplicateStageName: Duplicate stage name "b", stage names should be unique (line 2)'],
        ),
        (
            "FROM a AS context",
            [
                'ReservedStageName: Stage name should not use the same name as reserved stage "context" (line 1)',
            ],
        ),
        (
            "FROM a\nMAINTAINER b",
            ["MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)"],
        ),
        (
            "FROM a\nENV b c\nLABEL d=e",
            ['LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format (line 2)'],
        ),
        (
            'FROM a\nCMD ["b"]\nUSER c\nCMD ["d"]\nFROM e\nCMD ["f"]',
            [
                "MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because"
                " only the last one will be used (line 2)"
            ],
        ),
        (
            "# something\nARG A",
            ["InvalidDefinitionDescription: Comment for ARG should follow the format: `# A <description>` (line 2)"],
        ),
        (
            "# something\nFROM a AS b",
            ["InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>` (line 2)"],
        ),
        (
            "# something\nARG A B",
            [
                "InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`"
                " (line 2)"
            ],
        ),
        ("# b is good\nFROM a AS b", []),
        ("# syntax=x\nFROM a AS b", []),
        ("# something\n\nFROM a AS b", []),
        ("# something\nFROM a", []),
        ("# something\nFROM a\n# else\nRUN b", []),
    ],
)
def test_the_text_shows(text: str, findings: list[str]) -> None:
    whole = text if "FROM" in text.upper() else f"{text}\n\nFROM x"
    assert found(whole) == findings


def test_instructions_know_their_lines() -> None:
    file = parse("# syntax=x\nARG A\nFrom b\nrun c")
    assert [(one.name, one.location.first_line) for one in written(file)] == [("ARG", 2), ("From", 3), ("run", 4)]
