"""One node, as if."""

from tests.unit.kube.scheduler.objects import WEB, asking, facts, node, pod, pod_affinity, read
from wherry.kube.scheduler import neighbours
from wherry.kube.scheduler.model import HOSTNAME
from wherry.kube.scheduler.refusals import POD_ANTI_AFFINITY
from wherry.kube.scheduler.trial import Trial, contenders, refusal_beside


def test_pods_are_taken_off_and_put_back_and_nothing_changes() -> None:
    there = [pod("web", "n", labels=WEB, cpu="1"), pod("x", "n", cpu="2")]
    known = facts([node("n", cpu="3")], there)
    asked = asking(known, pod(cpu="1", affinity=pod_affinity("podAntiAffinity", HOSTNAME)))
    required = neighbours.required(asked)
    assert required is not None
    trial = Trial(asked, [required], known.cluster.nodes["n"])
    web, other = (known.cluster.pods[f"uid-default-{name}"] for name in ("web", "x"))
    assert trial.refusal() is not None
    trial.remove(other)
    assert trial.refusal() is POD_ANTI_AFFINITY
    trial.remove(web)
    assert trial.refusal() is None
    trial.add(other)
    assert trial.refusal() is None
    trial.add(web)
    assert trial.refusal() is not None
    assert known.cluster.nodes["n"].requested == {"cpu": 3000} and len(known.cluster.nodes["n"].pods) == 2


def test_contenders_are_those_of_no_less_importance() -> None:
    known = facts([node("n", cpu="2")])
    for name, priority in (("low", 1), ("same", 5), ("high", 9)):
        known.cluster.nominate(read(pod(name, cpu="1", priority=priority)), "n")
    asked, machine = asking(known, pod(cpu="1", priority=5)), known.cluster.nodes["n"]
    assert sorted(each.name for each in contenders(asked, machine)) == ["high", "same"]
    assert refusal_beside(asked, [], machine, contenders(asked, machine)) is not None
    assert refusal_beside(asked, [], machine, contenders(asked, machine)[:1]) is None
    mine = asking(known, pod("same", cpu="1", priority=5))
    assert [each.name for each in contenders(mine, machine)] == ["high"]
