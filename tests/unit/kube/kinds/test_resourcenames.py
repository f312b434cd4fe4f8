import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds import resourcenames as names
from wherry.kube.machinery.fielderrors import Path

P = Path("p")


@pytest.mark.parametrize(
    ("name", "native", "extended", "overcommit"),
    [
        ("cpu", True, False, True),
        ("hugepages-2Mi", True, False, False),
        ("kubernetes.io/x", True, False, True),
        ("a.kubernetes.io/x", True, False, True),
        ("example.com/gpu", False, True, False),
        ("requests.example.com/gpu", False, False, False),
    ],
)
def test_whose_a_resource_is(name: str, native: bool, extended: bool, overcommit: bool) -> None:
    assert names.is_native(name) is native
    assert names.is_extended(name) is extended
    assert names.may_overcommit(name) is overcommit


@pytest.mark.parametrize(
    ("name", "anywhere", "container", "pod", "quota"),
    [
        ("cpu", [], [], [], []),
        ("hugepages-2Mi", [], [], [], []),
        ("example.com/gpu", [], [], ['Unsupported value: "example.com/gpu"'], []),
        ("pods", [], ["must be a standard resource for containers"], ['Unsupported value: "pods"'], []),
        ("storage", [], ["must be a standard resource for containers"], ['Unsupported value: "storage"'],
         ["must be a standard resource for quota"]),
        (
            "disk",
            ["must be a standard resource type or fully qualified"],
            ["must be a standard resource type or fully qualified", "must be a standard resource for containers"],
            ["must be a standard resource type or fully qualified"],
            ["must be a standard resource type or fully qualified", "must be a standard resource for quota"],
        ),
    ],
)  # fmt: skip
def test_where_a_resource_may_be(
    name: str, anywhere: list[str], container: list[str], pod: list[str], quota: list[str]
) -> None:
    rules = (
        (names.validate_resource_name, anywhere),
        (names.validate_container_resource_name, container),
        (names.validate_pod_resource_name, pod),
        (names.validate_quota_resource_name, quota),
    )
    for rule, expected in rules:
        found = said(rule(name, P))
        assert len(found) == len(expected)
        assert all(words in text for words, text in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("name", "amount", "errors"),
    [
        ("cpu", "100m", []),
        ("pods", "2", []),
        ("pods", "100m", ['p: Invalid value: "100m": must be an integer']),
        ("example.com/gpu", "1.5", ['p: Invalid value: "1500m": must be an integer']),
        ("cpu", "-1", ['p: Invalid value: "-1": must be greater than or equal to 0']),
    ],
)
def test_amounts(name: str, amount: str, errors: list[str]) -> None:
    assert said(names.validate_amount(name, amount, P)) == errors


@pytest.mark.parametrize(("name", "size"), [("hugepages-2Mi", 2**21), ("hugepages-1Gi", 2**30), ("hugepages-big", 0)])
def test_sizes_of_pages(name: str, size: int) -> None:
    assert names.huge_page_bytes(name) == size
    assert names.is_huge_pages(name)
