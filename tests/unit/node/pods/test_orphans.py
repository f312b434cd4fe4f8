"""Pods that the runtime alone has."""

from dataclasses import replace

from tests.unit.node.pods.life.facts import ended, run, sandbox
from wherry.node.pods import view
from wherry.node.pods.composing.containers import ROLE
from wherry.node.pods.composing.sandboxes import GRACE, SOURCE
from wherry.node.pods.orphans import pod_of
from wherry.node.pods.runtime import Container, Sandbox
from wherry.node.pods.view import Role


def noted(one: Sandbox, **notes: str) -> Sandbox:
    return replace(one, spec=replace(one.spec, annotations=notes))


def of_role(one: Container, role: str) -> Container:
    return replace(one, annotations={**one.annotations, ROLE: role})


def test_as_much_as_is_needed_to_end_it() -> None:
    runs = [
        of_role(ended("i"), "INIT"),
        of_role(run("s"), "SIDECAR"),
        run("a"),
        run("a", 1),
        of_role(run("d"), "EPHEMERAL"),
    ]
    found = pod_of([noted(sandbox(0), **{GRACE: "7"})], runs)
    assert (found["metadata"]["name"], found["metadata"]["namespace"], view.uid(found)) == ("web", "default", "uid-web")
    assert {each.name: each.role for each in view.members(found)} == {
        "i": Role.INIT, "s": Role.SIDECAR, "a": Role.REGULAR, "d": Role.EPHEMERAL,
    }  # fmt: skip
    assert view.grace_seconds(found) == 7


def test_what_cannot_be_read_is_as_usual() -> None:
    found = pod_of([noted(sandbox(0), **{GRACE: "soon", SOURCE: "file"})], [of_role(run("a"), "KING")])
    assert view.grace_seconds(found) == 30
    assert view.is_static(found)
    assert [each.role for each in view.members(found)] == [Role.REGULAR]
