import subprocess
import sys

from wherry.linux import seccomp


def test_who_only_installs_does_not_load_the_compiler() -> None:
    code = "import sys, wherry.linux.seccomp; print([m for m in sys.modules if m.startswith('wherry.linux.seccomp.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['wherry.linux.seccomp.installing']"


def test_every_default_profile_is_a_new_one() -> None:
    seccomp.default_profile()["syscalls"].clear()
    assert seccomp.default_profile()["syscalls"]


def test_an_empty_profile_is_no_filter() -> None:
    assert seccomp.compile_filter({}, []) == b""
    assert seccomp.oci_seccomp({}, []) == {}
