"""The kernel tests again on a machine with cgroup version 2 alone and an older kernel (Debian's 6.1).

One boot for all. What is left out moves more data than emulation can in its time, or needs programs of the host.
"""

import pytest

from tests.vm.machine import SECONDS, run

FILES = (
    "tests/kernel/test_cgroup.py",
    "tests/kernel/test_bpf_devices.py",
    "tests/kernel/test_runtime.py",
    "tests/kernel/test_snapshots.py",
    "tests/kernel/test_views.py",
)
_PYTEST = (
    "{python} -m pytest -c /dev/null --rootdir /tree --confcutdir tests/kernel -p no:cacheprovider "
    "-o asyncio_mode=auto -o timeout=300 --color=no -v"
)
_LEFT_OUT = "not megabytes and not runc and not says_why and not extracts_to and not many_layers and not can_hold"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The machine's console after all tests have run there."""
    code, text = run(f'{_PYTEST} -k "{_LEFT_OUT}" {" ".join(FILES)}', tmp_path_factory.mktemp("vm"))
    assert code in (0, 1), text
    return text


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("file", FILES)
def test_on_version_2(output: str, file: str) -> None:
    results = [line for line in output.splitlines() if line.startswith(f"{file}::")]
    passed = [line for line in results if " PASSED" in line]
    skipped = [line for line in results if " SKIPPED" in line]
    assert len(passed) >= 4, output
    assert len(passed) + len(skipped) == len(results), output
