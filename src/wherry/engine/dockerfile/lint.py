"""Warnings about a Dockerfile that is right, and may not mean what it says. Pure.

The rules are BuildKit's (:mod:`wherry.engine.dockerfile.rules`); when each applies is as in its dockerfile2llb
(validations.go, convert.go).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from wherry.engine.dockerfile.directives import parse_check
from wherry.engine.dockerfile.lint_text import text_findings
from wherry.engine.dockerfile.lint_variables import variable_findings
from wherry.engine.dockerfile.model import Check, Dockerfile
from wherry.engine.dockerfile.rules import Finding
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig

CHECK_ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK"
"""A build argument with the text of ``# check=``, over the file's own."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known. ``bases``: configurations of stages' base images, by the stages' indexes.

    A stage whose base is an image that is not among them is not searched for undefined variables. ``ignores``: whether
    a path of the context is left out of it; None when there is no ignore file, or one with exceptions, which leave open
    what a directory holds.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    automatic: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[int, ContainerConfig] = field(default_factory=dict)
    ignores: Callable[[str], bool] | None = None


def lint(dockerfile: Dockerfile, circumstances: Circumstances) -> list[Finding]:
    """What the file's own checks leave of all findings, in the order of lines. Raises Invalid for bad checks."""
    check = checks(dockerfile, circumstances.build_args)
    found = [*text_findings(dockerfile), *variable_findings(dockerfile, circumstances)]
    return sorted(allowed(found, check), key=lambda finding: (finding.location.first_line, finding.rule.name))


def checks(dockerfile: Dockerfile, build_args: Mapping[str, str]) -> Check:
    """The checks that count: the build argument's, else the directive's. Raises Invalid."""
    text = build_args.get(CHECK_ARGUMENT)
    return dockerfile.directives.check if text is None else parse_check(text)


def allowed(findings: Iterable[Finding], check: Check) -> list[Finding]:
    """Those that ``check`` does not skip."""
    return [finding for finding in findings if _is_allowed(finding, check)]


def _is_allowed(finding: Finding, check: Check) -> bool:
    if finding.rule.is_experimental:
        return check.enables_all_experimental or finding.rule.name in check.experimental
    return not check.skips_all and finding.rule.name not in check.skip


def refuse(findings: Iterable[Finding], check: Check) -> None:
    """Raise Invalid if there is a finding and ``error=true``. BuildKit does so after all else succeeded."""
    names = sorted({finding.rule.name for finding in findings})
    if names and check.is_error:
        raise Invalid(f"lint violation found for rules: {', '.join(names)}")
