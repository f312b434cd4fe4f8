"""What was found to be right is not looked at again, and nothing else is let through."""

from tests.unit.kube.kinds.objects import container, pod_spec
from wherry.kube.kinds.podspec import default_pod_spec, pod_template_warnings, validate_pod_spec, validate_pod_template
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

T = Path("t")


def template(**spec: object) -> Object:
    made = {"spec": pod_spec(**spec)}
    default_pod_spec(made["spec"])
    return made


def test_an_equal_value_is_not_looked_at_again() -> None:
    looked: list[object] = []

    @remembered
    def look(obj: Object, limit: int) -> list[str]:
        looked.append(obj)
        return [name for name in obj if len(name) > limit]

    for value in ({"here": 1}, {"here": 1}, {"here": True}, {"here": 1.5}, {"here": 1}):
        assert look(value, 3) == ["here"]
    assert looked == [{"here": 1}, {"here": True}, {"here": 1.5}]
    look({"here": 1}, 3).append("not remembered")
    assert look({"here": 1}, 3) == ["here"]
    assert look({"here": 1}, 4) == []
    assert len(looked) == 4


def test_what_is_large_or_has_many_faults_is_looked_at_each_time() -> None:
    looked: list[int] = []

    @remembered
    def look(obj: Object) -> list[str]:
        looked.append(1)
        return list(obj)

    for value in ({"large": "x" * 5000}, {str(number): 1 for number in range(20)}):
        assert look(value) == look(value) == list(value)
    assert len(looked) == 4


def test_what_was_wrong_is_so_again() -> None:
    wrong = template(containers=[container(image="")])
    first = validate_pod_template(wrong, T)
    assert [str(each) for each in first] == ["t.spec.containers[0].image: Required value"]
    assert validate_pod_template(wrong, T) == first
    assert [each.field for each in validate_pod_template(wrong, Path("u"))] == ["u.spec.containers[0].image"]


def test_a_container_that_is_right_beside_a_volume_is_not_without_it() -> None:
    mounts = [{"name": "v", "mountPath": "/v"}]
    right = template(containers=[container(volumeMounts=mounts)], volumes=[{"name": "v", "emptyDir": {}}])
    assert validate_pod_spec(right["spec"], T) == []
    wrong = template(containers=[container(volumeMounts=mounts)])
    assert [str(each) for each in validate_pod_spec(wrong["spec"], T)] == [
        't.containers[0].volumeMounts[0].name: Not found: "v"'
    ]


def test_two_containers_that_are_right_alone_may_not_be_together() -> None:
    for count, fields in ((1, []), (2, ["t.containers[1].name", "t.containers[1].ports[0].hostPort"])):
        ports = [{"containerPort": 80, "hostPort": 80}]
        spec = template(containers=[container(ports=[dict(each) for each in ports]) for _ in range(count)])["spec"]
        assert [each.field for each in validate_pod_spec(spec, T)] == fields


def test_a_warning_comes_each_time() -> None:
    old = template(nodeSelector={"beta.kubernetes.io/os": "linux"})
    expected = ['t.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead']
    assert pod_template_warnings(old, T) == expected
    assert pod_template_warnings(old, T) == expected
    assert pod_template_warnings(template(), T) == pod_template_warnings(template(), T) == []
