"""The scheduler's own settings, out of a file."""

from pathlib import Path

import pytest

from wherry.app.scheduling import scheduling
from wherry.kit.errors import Invalid

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"


def test_without_a_file_nothing_is_said() -> None:
    assert scheduling(None) is None


def test_a_file_names_profiles(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.yaml"
    path.write_text(f"{HEAD}profiles:\n- schedulerName: default-scheduler\n- schedulerName: packing\n")
    found = scheduling(path)
    assert found is not None
    assert [each.name for each in found.profiles] == ["default-scheduler", "packing"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "scheduler.yaml: No such file or directory"),
        ("a: [", "scheduler.yaml: .*yaml"),
        ("- a", "has to be one object"),
        (f"{HEAD}profiles: []\nprofiles: []\n", "each field once"),
        ("kind: Pod", "scheduler.yaml: it has to be of apiVersion"),
        (f"{HEAD}x: 1", "scheduler.yaml: x: there is no such setting here"),
        ("# " + "x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_every_fault_names_the_setting_and_the_file(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "scheduler.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Invalid, match=f"^scheduler.config: .*{why}") as found:
        scheduling(path)
    assert str(found.value).count("scheduler.config:") == 1
