"""Several authorizers."""

from tests.unit.kube.apiserver.authz.objects import user
from wherry.kube.apiserver.authz.union import Superusers, Union
from wherry.kube.apiserver.model import Attributes, Decision

ASKED = Attributes(user("alice"), "get", path="/")


class Says:
    def __init__(self, decision: Decision, reason: str) -> None:
        self._answer = decision, reason

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        return self._answer


SILENT, YES, NO = Decision.NO_OPINION, Decision.ALLOW, Decision.DENY


def test_the_first_that_has_an_opinion_decides() -> None:
    assert Union([Says(SILENT, "a"), Says(YES, "b"), Says(NO, "c")]).authorize(ASKED) == (YES, "b")
    assert Union([Says(SILENT, "a"), Says(NO, "c"), Says(YES, "b")]).authorize(ASKED) == (NO, "c")


def test_the_reasons_of_all_that_have_none() -> None:
    assert Union([Says(SILENT, "a"), Says(SILENT, ""), Says(SILENT, "b")]).authorize(ASKED) == (SILENT, "a\nb")
    assert Union([]).authorize(ASKED) == (SILENT, "")


def test_masters_may_do_everything() -> None:
    asked = Attributes(user("root", "system:masters"), "fly", "g", "v", "r")
    assert Superusers().authorize(asked)[0] is YES
    assert Superusers().authorize(ASKED)[0] is SILENT
