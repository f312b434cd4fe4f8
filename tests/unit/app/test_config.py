"""Settings: which source wins, and what is said about faults."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.config import SETTINGS, load, resolve
from wherry.engine.instance import DEFAULT_ROOT
from wherry.kit.errors import Forbidden, Invalid
from wherry.linux.syscalls import prctl

_PR_SET_DUMPABLE = 4  # include/uapi/linux/prctl.h


def test_defaults_when_nothing_is_given(tmp_path: Path) -> None:
    settings = resolve({}, "f", {}, {}, [])
    assert settings.root == DEFAULT_ROOT
    assert settings.log_level == "info"


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "wherry.toml"
    file.write_text('log_level = "error"\n[containers]\nwarm = 1\nid_first = 200000\n')
    environment = {"WHERRY_CONTAINERS_WARM": "2", "WHERRY_LOG_LEVEL": "warning"}
    settings = load({"config": str(file), "log_level": "debug", "root": None}, environment)
    assert (settings.log_level, settings.containers_warm, settings.containers_id_first) == ("debug", 2, 200_000)


def test_the_file_of_a_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "wherry.toml").write_text("[containers]\nwarm = 7\n")
    assert load({"root": str(tmp_path)}, {}).containers_warm == 7
    assert load({}, {"WHERRY_ROOT": str(tmp_path)}).containers_warm == 7


def test_a_file_named_by_a_flag_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no such file"):
        load({"config": str(tmp_path / "none.toml")}, {})


def test_all_faults_are_listed_together(tmp_path: Path) -> None:
    file = tmp_path / "wherry.toml"
    file.write_text('log_level = "loud"\n[containers]\nwarn = 1\n[registry]\nlisten = "here"\ntls_key = "/k"\n')
    environment = {"WHERRY_CONTAINERS_WARM": "many", "WHERRY_ROT": "/x"}
    with pytest.raises(Invalid) as caught:
        load({"config": str(file), "root": ""}, environment)
    message = caught.value.message
    assert message.startswith("7 faults in the settings:")
    assert "log_level: expected one of debug, info, warning, error, not 'loud'" in message
    assert "containers.warn: unknown setting; did you mean containers.warm?" in message
    assert "WHERRY_CONTAINERS_WARM: expected a whole number from 0 to 64, not 'many'" in message
    assert "WHERRY_ROT: unknown setting; did you mean WHERRY_ROOT?" in message
    assert "--root: expected a directory, not ''" in message
    assert "registry: 'here' is not HOST:PORT" in message
    assert "registry: TLS needs both a certificate and its key" in message


def test_a_broken_file_is_one_fault(tmp_path: Path) -> None:
    file = tmp_path / "wherry.toml"
    file.write_text("log_level =\n")
    with pytest.raises(Invalid, match="not TOML"):
        load({"config": str(file)}, {})


def test_other_variables_of_the_environment_are_none_of_ours() -> None:
    assert resolve({}, "f", {"PATH": "/bin", "WHERRY_CONFIG": "x"}, {}, []).log_level == "info"


def test_an_id_range_must_fit_into_32_bits() -> None:
    with pytest.raises(Invalid, match="must not pass"):
        resolve({"containers": {"id_first": 4_294_000_000}}, "f", {}, {}, [])


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.integers(), st.text(max_size=8), st.booleans(), st.none())))
def test_any_document_is_settings_or_an_explanation(document: dict[str, object]) -> None:
    try:
        resolve(document, "f", {}, {}, [])
    except Invalid as error:
        assert "in the settings" in error.message


@contextmanager
def nobody() -> Iterator[None]:
    """As a user without rights, where we are root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        # Whoever changes its user may not be looked into any more (prctl(2)): processes that other tests start from
        # this one could not be given a user namespace.
        prctl(_PR_SET_DUMPABLE, 1, step="be inspected again")


def test_another_s_instance_is_no_fault_in_the_settings(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir(mode=0)
    with nobody(), pytest.raises(Forbidden, match=f"{root} is not for you to look into"):
        load({"root": root}, {})


def test_every_setting_has_a_field_and_a_default_that_it_accepts() -> None:
    for setting in SETTINGS:
        value = str(setting.default) if isinstance(setting.default, Path) else setting.default
        assert setting.parse(value) == setting.default


def test_registries_are_lists_in_every_source(tmp_path: Path) -> None:
    file = tmp_path / "wherry.toml"
    file.write_text('[registries]\nmirrors = ["https://mirror.lan/hub", "quay.io=https://mirror.lan/quay"]\n')
    settings = load({"config": str(file)}, {"WHERRY_REGISTRIES_INSECURE": "registry.lan:5000, 10.0.0.0/8"})
    assert settings.registries_mirrors == ("https://mirror.lan/hub", "quay.io=https://mirror.lan/quay")
    assert settings.registries_insecure == ("registry.lan:5000", "10.0.0.0/8")
    flags = {"config": str(file), "registry_mirror": ("http://127.0.0.1:5000",), "insecure_registry": ()}
    settings = load(flags, {"WHERRY_REGISTRIES_INSECURE": "a"})
    assert (settings.registries_mirrors, settings.registries_insecure) == (("http://127.0.0.1:5000",), ("a",))


def test_a_registry_that_makes_no_sense_is_a_fault() -> None:
    environment = {"WHERRY_REGISTRIES_MIRRORS": "ftp://mirror.lan"}
    with pytest.raises(Invalid) as caught:
        load({"registry_mirror": None, "insecure_registry": ("a b",)}, environment)
    assert "WHERRY_REGISTRIES_MIRRORS: invalid mirror 'ftp://mirror.lan'" in caught.value.message
    assert "--insecure-registry: insecure registry 'a b' is not valid" in caught.value.message


def test_a_registry_is_told_where_and_how(tmp_path: Path) -> None:
    file = tmp_path / "wherry.toml"
    file.write_text('[registry]\nlisten = "127.0.0.1:5000"\nhtpasswd = "/users"\nallow_delete = true\n')
    settings = load({"config": str(file)}, {"WHERRY_REGISTRY_READ_ONLY": "1"})
    options = settings.registry
    assert (options.listen, options.htpasswd) == ("127.0.0.1:5000", Path("/users"))
    assert (options.allow_delete, options.read_only, options.plain_http, options.tls_cert) == (True, True, False, None)
    assert load({"registry": "[::1]:1"}, {}).registry.listen == "[::1]:1"


def test_a_registry_s_faults_are_told_only_where_there_is_one() -> None:
    with pytest.raises(Invalid, match=r"registry: 0\.0\.0\.0:5000 can be reached from other machines"):
        load({"registry": "0.0.0.0:5000"}, {})
    with pytest.raises(Invalid, match="registry: TLS needs both"):
        load({"registry": "0.0.0.0:5000"}, {"WHERRY_REGISTRY_TLS_KEY": "/k"})
    assert load({"registry": "0.0.0.0:5000", "plain_http": True}, {}).registry.plain_http
    assert load({}, {"WHERRY_REGISTRY_TLS_KEY": "/k"}).registry_listen == ""
    with pytest.raises(Invalid, match="expected true or false, not 'maybe'"):
        load({}, {"WHERRY_REGISTRY_READ_ONLY": "maybe"})
