"""Tables of roles.

A line that is not indented names a role. Each indented line below it is a rule::

    verbs: resources @groups #names
    verbs: /paths

Without ``@`` the group is the core group, which is called ``core`` beside others. Some lines are so common that they
have a name: see :data:`SHORT`.
"""

from wherry.kube.apiserver.model import Rule

READ = "get list watch"
WRITE = "create delete deletecollection patch update"
SHORT = {
    "READ": READ,
    "WRITE": WRITE,
    "ALL": f"{READ} {WRITE}",
    "EVENTS": "create patch update: events @core events.k8s.io",
}


def rules(table: str) -> dict[str, list[Rule]]:
    """The rules of each role, in order; lists are sorted, as upstream's are."""
    found: dict[str, list[Rule]] = {}
    current: list[Rule] = []
    for line in table.splitlines():
        if line.startswith(" "):
            current.append(_rule(line.strip()))
        elif line:
            current = found[line] = []
    return found


def _rule(line: str) -> Rule:
    verbs, _, what = SHORT.get(line, line).partition(": ")
    verbs = SHORT.get(verbs, verbs)
    words = what.split()
    if what.startswith("/") or (words == ["*"] and verbs == "*"):
        return Rule(_sorted(verbs.split()), paths=_sorted(words))
    what, _, names = what.partition(" #")
    what, _, groups = what.partition(" @")
    named = ["" if each == "core" else each for each in groups.split() or ["core"]]
    return Rule(_sorted(verbs.split()), _sorted(named), _sorted(what.split()), _sorted(names.split()))


def _sorted(words: list[str]) -> tuple[str, ...]:
    return tuple(sorted(words))
