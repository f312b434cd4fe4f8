import pytest

from tests.unit.kube.apiserver.admission.asking import admitted, create, pod
from wherry.kube.apiserver.admission.tolerations import NOT_READY, SECONDS, UNREACHABLE, DefaultTolerationSeconds


async def test_a_pod_stays_five_minutes() -> None:
    made = await admitted(DefaultTolerationSeconds(), create(pod()))
    expected = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
        for key in (NOT_READY, UNREACHABLE)
    ]
    assert made["spec"]["tolerations"] == expected


@pytest.mark.parametrize(
    ("toleration", "added"),
    [
        ({"key": NOT_READY, "effect": "NoExecute", "operator": "Exists"}, [UNREACHABLE]),
        ({"key": UNREACHABLE, "operator": "Exists"}, [NOT_READY]),
        ({"operator": "Exists"}, []),
        ({"key": NOT_READY, "effect": "NoSchedule", "operator": "Exists"}, [NOT_READY, UNREACHABLE]),
        ({"key": "other", "effect": "NoExecute"}, [NOT_READY, UNREACHABLE]),
    ],
)
async def test_what_the_pod_says_counts(toleration: dict[str, str], added: list[str]) -> None:
    made = await admitted(DefaultTolerationSeconds(), create(pod(tolerations=[toleration])))
    assert [each["key"] for each in made["spec"]["tolerations"][1:]] == added
