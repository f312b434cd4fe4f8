"""Putting the engine together: what the settings say reaches the parts."""

from wherry.app.config import resolve
from wherry.app.wiring import rules_of
from wherry.engine.containers import Rules


def test_without_settings_the_engine_has_its_own_defaults() -> None:
    assert rules_of(resolve({}, "f", {}, {}, [])) == Rules()


def test_settings_of_containers_reach_them() -> None:
    given = {"id_first": 200_000, "id_count": 655_360, "warm": 3, "stop_timeout": 2}
    settings = resolve({"containers": given}, "f", {}, {}, [])
    assert rules_of(settings) == Rules(first_id=200_000, id_count=655_360, warm=3, stop_seconds=2)
