from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, pod, refused, update
from wherry.kube.apiserver.admission.priority import Priority
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object


def priority_class(name: str, value: int, **more: object) -> Object:
    base = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    return {**base, "metadata": {"name": name}, "value": value, **more}


async def test_a_class_becomes_a_number() -> None:
    plugin = Priority(needs(priority_class("high", 1000, preemptionPolicy="Never")))
    spec = (await admitted(plugin, create(pod(priorityClassName="high"))))["spec"]
    assert spec["priority"] == 1000 and spec["preemptionPolicy"] == "Never"


async def test_without_a_class_the_default_counts_or_zero() -> None:
    spec = (await admitted(Priority(needs()), create(pod())))["spec"]
    assert spec["priority"] == 0 and spec["preemptionPolicy"] == "PreemptLowerPriority"
    assert "priorityClassName" not in spec
    classes = [priority_class("b", 20, globalDefault=True), priority_class("a", 10, globalDefault=True)]
    spec = (await admitted(Priority(needs(*classes)), create(pod())))["spec"]
    assert spec["priority"] == 10 and spec["priorityClassName"] == "a"


async def test_the_default_is_the_one_of_now() -> None:
    wanted = needs(priority_class("a", 10, globalDefault=True))
    assert isinstance(wanted.listers, FakeListers)
    plugin = Priority(wanted)
    for changed, priority in (
        (priority_class("a", 10, globalDefault=True), 10),
        (priority_class("b", 5, globalDefault=True), 5),
        (priority_class("b", 5), 10),
        (priority_class("a", 10), 0),
    ):
        wanted.listers.put(changed)
        for _ in range(2):
            assert (await admitted(plugin, create(pod())))["spec"]["priority"] == priority


async def test_system_classes_are_known_before_they_are_made() -> None:
    spec = (await admitted(Priority(needs()), create(pod(priorityClassName="system-node-critical"))))["spec"]
    assert spec["priority"] == 2_000_001_000


async def test_an_unknown_class_or_another_number_is_refused() -> None:
    error = await refused(Priority(needs()), create(pod(priorityClassName="none")))
    assert str(error) == 'pods "web" is forbidden: no PriorityClass with name none was found'
    error = await refused(Priority(needs()), create(pod(priority=5)))
    assert "the integer value of priority (5) must not be provided in pod spec" in str(error)
    error = await refused(Priority(needs()), create(pod(preemptionPolicy="Never")))
    assert "the string value of PreemptionPolicy (Never) must not be provided" in str(error)
    await admitted(Priority(needs()), create(pod(priority=0)))


async def test_an_update_that_leaves_the_number_out_keeps_it() -> None:
    old = pod(priority=7, preemptionPolicy="Never")
    spec = (await admitted(Priority(needs()), update(pod(), old)))["spec"]
    assert spec["priority"] == 7 and spec["preemptionPolicy"] == "Never"


async def test_there_is_one_default() -> None:
    plugin = Priority(needs(priority_class("a", 1, globalDefault=True)))
    error = await refused(plugin, create(priority_class("b", 2, globalDefault=True)))
    assert "PriorityClass a is already marked as default. Only one default can exist" in str(error)
    await admitted(plugin, create(priority_class("b", 2)))
    same = priority_class("a", 1, globalDefault=True)
    await admitted(plugin, update(same, same))
    await refused(plugin, update(priority_class("b", 2, globalDefault=True), priority_class("b", 2)))
