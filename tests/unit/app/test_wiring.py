"""Putting the engine together: what the settings say reaches the parts."""

import subprocess
import sys
from ipaddress import IPv4Network, IPv6Network

from wherry.app.config import resolve
from wherry.app.wiring import ranges_of, rules_of
from wherry.engine.containers import Rules
from wherry.engine.networks import Ranges


def test_without_settings_the_engine_has_its_own_defaults() -> None:
    assert rules_of(resolve({}, "f", {}, {}, [])) == Rules()


def test_settings_of_containers_reach_them() -> None:
    given = {"id_first": 200_000, "id_count": 655_360, "warm": 3, "stop_timeout": 2}
    settings = resolve({"containers": given}, "f", {}, {}, [])
    assert rules_of(settings) == Rules(first_id=200_000, id_count=655_360, warm=3, stop_seconds=2)


def test_an_engine_without_a_registry_loads_none() -> None:
    program = "import sys, wherry.app.wiring\nprint([name for name in sys.modules if 'registryapi' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout == "[]\n"


def test_the_registry_s_settings_reach_it() -> None:
    settings = resolve({"registry": {"listen": "127.0.0.1:1", "read_only": True}}, "f", {}, {}, [])
    assert (settings.registry.listen, settings.registry.read_only) == ("127.0.0.1:1", True)


def test_ranges_of_addresses_reach_it() -> None:
    assert ranges_of(resolve({}, "f", {}, {}, [])) == Ranges()
    assert ranges_of(resolve({"ip_family": "dual"}, "f", {}, {}, [])) == Ranges(is_dual=True)
    one, both = ({"node": {"pod_cidr": each}} for each in ("10.1.0.0/16", "10.1.0.0/16,fd00:1::/64"))
    four = IPv4Network("10.1.0.0/16")
    assert ranges_of(resolve(one, "f", {}, {}, [])) == Ranges(four)
    assert ranges_of(resolve(both, "f", {}, {}, [])) == Ranges(four, True, IPv6Network("fd00:1::/64"))
