"""The corpus, as far as it goes without running anything: parsed, expanded, applied, searched.

The same cases are built and compared elsewhere; here, what they expect is held against the language alone.
"""

from typing import Any

import msgspec
import pytest

from tests.corpus.cases import Case, cases
from wherry.engine.dockerfile.graph import Graph, Node, StageSource, Surroundings, needed_stages
from wherry.engine.dockerfile.history import created_by
from wherry.engine.dockerfile.lint import Circumstances, checks, lint, refuse
from wherry.engine.dockerfile.model import Arg, Dockerfile, Env
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.scope import Globals, Scope, global_scope, platform_arguments
from wherry.engine.dockerfile.settings import Settings, apply, beginning
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig
from wherry.oci.platform import host

CASES = cases()
GOOD = [case for case in CASES if not case.error]
AUTOMATIC = platform_arguments(host(), host(), "")


class DryRun:
    """A build that makes no files. Every image is ``busybox:test``, which has an empty configuration."""

    def __init__(self, case: Case) -> None:
        self.file: Dockerfile = parse(case.dockerfile.read_bytes())
        self.globals: Globals = global_scope(self.file, case.options.build_args, AUTOMATIC)
        self.graph: Graph = needed_stages(self.file, case.options.target, Surroundings(self.globals))
        self.settings: dict[int, Settings] = {}
        self.scopes: dict[int, Scope] = {}
        self.history: dict[int, list[str]] = {}
        for node in self.graph.nodes:
            self._build(node)

    def _build(self, node: Node) -> None:
        index = node.base.index if isinstance(node.base, StageSource) else None
        parent = Settings(ContainerConfig()) if index is None else self.settings[index]
        settings = beginning(parent.config, parent.author)
        scope = (Scope() if index is None else self.scopes[index]).beginning(settings.config.env or ())
        texts = [] if index is None else list(self.history[index])
        for one in node.instructions:
            if isinstance(one, Arg):
                scope, one = scope.declaring(one, self.globals)
            else:
                one = resolved(one, scope.lookup, self.file.escape)
            settings = apply(settings, one)
            scope = scope.defining(one) if isinstance(one, Env) else scope
            texts += filter(None, [created_by(one, settings.config, scope)])
        self.settings[node.stage.index] = settings
        self.scopes[node.stage.index] = scope
        self.history[node.stage.index] = texts

    @property
    def result(self) -> Settings:
        return self.settings[self.graph.target]


def named(case: Case) -> str:
    return case.name


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
    assert all(case.about for case in CASES)


@pytest.mark.parametrize("case", [case for case in CASES if case.phase == "parse"], ids=named)
def test_what_is_wrong_is_refused(case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        DryRun(case)
    assert case.error in refused.value.message


@pytest.mark.parametrize("case", [case for case in CASES if case.phase != "parse"], ids=named)
def test_what_is_right_can_be_read(case: Case) -> None:
    assert DryRun(case).graph.nodes


@pytest.mark.parametrize("case", [case for case in GOOD if case.config or case.author], ids=named)
def test_the_configuration_is_as_expected(case: Case) -> None:
    result = DryRun(case).result
    config: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(result.config))
    assert {name: config.get(name) or None for name in case.config} == case.config
    assert result.author == case.author


@pytest.mark.parametrize("case", [case for case in GOOD if case.history], ids=named)
def test_the_history_is_as_expected(case: Case) -> None:
    run = DryRun(case)
    assert run.history[run.graph.target][-len(case.history) :] == case.history


@pytest.mark.parametrize("case", [case for case in GOOD if case.warnings is not None], ids=named)
def test_the_warnings_are_as_expected(case: Case) -> None:
    found = lint(parse(case.dockerfile.read_bytes()), known(case))
    assert [f"{one.rule.name} (line {one.location.first_line})" for one in found] == case.warnings


@pytest.mark.parametrize("case", [case for case in CASES if case.phase == "lint"], ids=named)
def test_checks_refuse(case: Case) -> None:
    file = parse(case.dockerfile.read_bytes())
    with pytest.raises(Invalid) as refused:
        refuse(lint(file, known(case)), checks(file, case.options.build_args))
    assert case.error in refused.value.message


def known(case: Case) -> Circumstances:
    images = dict.fromkeys(range(20), ContainerConfig())
    return Circumstances(case.options.build_args, AUTOMATIC, images)
