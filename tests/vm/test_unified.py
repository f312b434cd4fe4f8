"""The kernel tests again on a machine with cgroup version 2 alone and an older kernel (Debian's 6.1)."""

from pathlib import Path

import pytest

from tests.vm.machine import run


@pytest.mark.timeout(300)
def test_cgroups_of_version_2(tmp_path: Path) -> None:
    code, output = run(
        "{python} -m pytest -c /dev/null --rootdir /tree -p no:cacheprovider --color=no -v tests/kernel/test_cgroup.py",
        tmp_path,
    )
    assert code == 0, output
