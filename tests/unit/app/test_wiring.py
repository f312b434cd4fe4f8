"""Putting the engine together: what the settings say reaches the parts."""

import subprocess
import sys

from wherry.app.config import resolve
from wherry.app.wiring import rules_of
from wherry.engine.containers import Rules


def test_without_settings_the_engine_has_its_own_defaults() -> None:
    assert rules_of(resolve({}, "f", {}, {}, [])) == Rules()


def test_settings_of_containers_reach_them() -> None:
    given = {"id_first": 200_000, "id_count": 655_360, "warm": 3, "stop_timeout": 2}
    settings = resolve({"containers": given}, "f", {}, {}, [])
    assert rules_of(settings) == Rules(first_id=200_000, id_count=655_360, warm=3, stop_seconds=2)


def test_an_engine_without_a_registry_loads_none() -> None:
    program = "import sys, wherry.app.wiring\nprint([name for name in sys.modules if 'registryapi' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_registry_s_settings_reach_it() -> None:
    settings = resolve({"registry": {"listen": "127.0.0.1:1", "read_only": True}}, "f", {}, {}, [])
    assert (settings.registry.listen, settings.registry.read_only) == ("127.0.0.1:1", True)
