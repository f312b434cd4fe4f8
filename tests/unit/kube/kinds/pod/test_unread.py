"""Controllers and scheduler never name what they are not given."""

import ast
from collections.abc import Iterator
from pathlib import Path

import wherry.kube
from wherry.kube.kinds.pod import KIND
from wherry.kube.kinds.pod.unread import UNREAD
from wherry.kube.machinery.parts import Unread
from wherry.kube.machinery.schema.builtin import definition
from wherry.kube.machinery.schema.model import Schema

_KUBE = Path(wherry.kube.__path__[0])
_READERS = ("controllers", "scheduler", "kinds/quotausage", "machinery/nodeselectors.py", "machinery/taints.py")
_OF_OTHERS = {
    "controllers/csrapproving.py": {"user"},  # who asks for a certificate
    "controllers/flowdefaults.py": {"serviceAccount"},  # a kind of subject
    "controllers/job/making.py": {"env"},  # of a template
    "controllers/podcontrol/templates.py": {"stdin", "stdinOnce", "tty"},  # the same
    "scheduler/configuration.py": {"args"},  # of plugins
    "scheduler/disks.py": {"image"},  # of a Ceph cluster
    "scheduler/reading.py": {"image"},  # in the specification
}


def names(unread: Unread) -> Iterator[str]:
    yield from unread.names
    for each in unread.below.values():
        yield from names(each)


def named(file: Path) -> set[str]:
    return {each.value for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.Constant)}


def files() -> Iterator[Path]:
    for reader in _READERS:
        place = _KUBE / reader
        yield from [place] if place.suffix else place.rglob("*.py")


def test_nobody_who_keeps_pods_reads_what_is_unread() -> None:
    unread, found = set(names(UNREAD)), {}
    for file in files():
        if used := named(file) & unread:
            found[file.relative_to(_KUBE).as_posix()] = used
    assert found == _OF_OTHERS


def test_field_selectors_need_none_of_it() -> None:
    whole = {each.split(".")[1] for each in KIND.selectable}
    assert whole.isdisjoint(set(UNREAD.below["spec"].names) | set(UNREAD.below["status"].names))


def test_what_is_unread_is_a_field_of_a_pod_or_of_its_parts() -> None:
    def check(unread: Unread, schema: Schema | None) -> None:
        assert schema is not None
        schema = schema.items if schema.type == "array" else schema
        assert schema is not None
        known = set(schema.properties)
        assert unread.names <= known, unread.names - known
        for name, each in unread.below.items():
            check(each, schema.properties.get(name))

    check(UNREAD, definition("io.k8s.api.core.v1.Pod"))
