import errno
import resource
import subprocess
from collections.abc import Iterator

import pytest

from wherry.linux import rlimits
from wherry.linux.errors import KernelError


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_limits_are_set_on_another_process(child: subprocess.Popen[bytes]) -> None:
    rlimits.apply([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}], child.pid)
    assert resource.prlimit(child.pid, resource.RLIMIT_NOFILE) == (100, 200)


@pytest.mark.parametrize("number", [-1, 1 << 63, (1 << 64) - 1])
def test_unlimited_has_several_spellings(child: subprocess.Popen[bytes], number: int) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("the hard limit is lower here")
    rlimits.apply([{"type": "RLIMIT_CORE", "soft": number, "hard": number}], child.pid)
    assert resource.prlimit(child.pid, resource.RLIMIT_CORE) == (resource.RLIM_INFINITY,) * 2


def test_a_soft_limit_above_the_hard_one_is_named(child: subprocess.Popen[bytes]) -> None:
    with pytest.raises(KernelError, match=r"set limit RLIMIT_NOFILE to 9 \(hard 8\)") as caught:
        rlimits.apply([{"type": "RLIMIT_NOFILE", "soft": 9, "hard": 8}], child.pid)
    assert caught.value.errno == errno.EINVAL


def test_an_unknown_limit_is_named() -> None:
    with pytest.raises(KernelError, match=r"RLIMIT_FUN to 1 .*no such limit"):
        rlimits.apply([{"type": "RLIMIT_FUN", "soft": 1, "hard": 1}])


def test_every_limit_of_the_specification_is_known() -> None:
    assert len(rlimits.RESOURCES) == 16
    assert rlimits.RESOURCES["RLIMIT_RTTIME"] == 15
