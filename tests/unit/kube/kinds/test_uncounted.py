from tests.unit.kube.kinds.objects import CONTEXT
from wherry.kube.kinds.uncounted import Uncounted


def test_nobody_counts_changes() -> None:
    obj = {"metadata": {"generation": 1, "name": "a"}}
    Uncounted().prepare_create(obj, CONTEXT)
    assert obj == {"metadata": {"name": "a"}}
    assert not Uncounted().generation_counts({"spec": 1}, {"spec": 2})
