"""Settings: defaults, then a TOML file, then the environment, then flags; the later wins.

Every fault of every source is reported in one error, so that a user repairs a file once.
A setting ``containers.id_first`` is ``id_first`` in the table ``[containers]``, ``WHERRY_CONTAINERS_ID_FIRST`` in the
environment.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from wherry.app.nodesettings import NODE
from wherry.app.nodesettings import faults_of as faults_of_node
from wherry.app.setting import PREFIX, Setting, absolute_path, choice, file_name, switch, text, texts, whole
from wherry.engine.instance import DEFAULT_ROOT, Instance
from wherry.kit.errors import Forbidden, Invalid

if TYPE_CHECKING:
    from wherry.registryapi.options import Options

SYSTEM_FILE = Path("/etc/wherry/wherry.toml")
# Read elsewhere: which file to read, and the scripts' own.
OTHER_VARIABLES = frozenset({"WHERRY_CONFIG", "WHERRY_PYTHON"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What one instance is told. Every field has an entry in :data:`SETTINGS`."""

    root: Path
    socket_group: str
    log_level: str
    ip_family: str
    containers_id_first: int
    containers_id_count: int
    containers_warm: int
    containers_stop_timeout: int
    build_cache_bytes: int
    registries_mirrors: tuple[str, ...]
    registries_insecure: tuple[str, ...]
    registry_listen: str
    registry_tls_cert: Path | None
    registry_tls_key: Path | None
    registry_htpasswd: Path | None
    registry_token_realm: str
    registry_token_service: str
    registry_token_issuer: str
    registry_token_key: Path | None
    registry_read_only: bool
    registry_allow_delete: bool
    registry_plain_http: bool
    api_listen: str
    api_names: tuple[str, ...]
    api_service_cidr: str
    api_node_ports: str
    api_external_ips: bool
    scheduler_config: Path | None
    store_address: str
    node_name: str
    node_pod_cidr: tuple[str, ...]
    node_static_pods: Path | None
    node_reserved: tuple[str, ...]
    node_eviction_hard: tuple[str, ...]
    node_eviction_soft: tuple[str, ...]
    node_eviction_soft_grace: tuple[str, ...]
    node_eviction_max_pod_grace: int
    node_eviction_minimum_reclaim: tuple[str, ...]
    node_pressure_transition: int
    node_shutdown_grace: int
    node_shutdown_grace_critical: int
    node_image_gc_high: int
    node_image_gc_low: int
    node_image_gc_age: int
    node_unsafe_sysctls: tuple[str, ...]

    @property
    def instance(self) -> Instance:
        return Instance.at(self.root)

    @property
    def registry(self) -> "Options":
        """What the registry beside the engine is told, when ``registry_listen`` says where it is to be."""
        from wherry.registryapi.options import Options  # 10 ms, and most have none

        return Options(**{field.name: getattr(self, f"registry_{field.name}") for field in fields(Options)})


def _registries(what: str) -> Callable[[object], tuple[str, ...]]:
    """``mirrors`` or ``insecure``, each of which must make sense to :class:`Endpoints`."""

    def parse(value: object) -> tuple[str, ...]:
        given = texts(value)
        if given:
            from wherry.engine.distribution.endpoints import Endpoints  # 3 ms, and most have none

            try:
                Endpoints(**{what: given})
            except Invalid as error:
                raise ValueError(error.message) from None
        return given

    return parse


def _store_address(value: object) -> str:
    address = text(value)
    if address:
        from wherry.store.etcd.address import parse

        try:
            parse(address)
        except Invalid as error:
            raise ValueError(error.message) from None
    return address


# 32-bit ids (user_namespaces(7)); the last two are kept free: (uid_t)-1 means "no change" to chown(2).
_LAST_ID = 2**32 - 3

SETTINGS = (
    Setting("root", DEFAULT_ROOT, absolute_path, "directory of everything the instance keeps"),
    Setting("socket_group", "docker", text, "group that may use the API socket, where that group exists; empty: root"),
    Setting("log_level", "info", choice("debug", "info", "warning", "error"), "what the daemon writes to its log"),
    Setting(
        "ip_family",
        "ipv4",
        choice("ipv4", "dual"),
        "addresses of pods, containers and services: ipv4, or dual: of IPv6, too (as kind's ipFamily)",
    ),
    Setting(
        "containers.id_first",
        100_000,
        whole(65_536, _LAST_ID),
        "first host user and group id that containers are mapped to",
    ),
    Setting("containers.id_count", 65_536 * 4096, whole(65_536, _LAST_ID), "how many ids; a container takes 65,536"),
    Setting("containers.warm", 1, whole(0, 64), "containers half made ahead for each kind of network"),
    Setting("containers.stop_timeout", 10, whole(0, 3600), "seconds a container gets to stop when none are given"),
    Setting(
        "build.cache_bytes",
        20 << 30,
        whole(0, 1 << 60),
        "what steps of builds that no image has may take of the disk; the least recently used go first",
    ),
    Setting(
        "registries.mirrors",
        (),
        _registries("mirrors"),
        "servers to pull from first: URL (of docker.io) or REGISTRY=URL, with a path where their repositories have one",
        "registry_mirror",
    ),
    Setting(
        "registries.insecure",
        (),
        _registries("insecure"),
        "registries whose certificate is not verified, or that have none: HOST[:PORT] or a network; loopback is always",
        "insecure_registry",
    ),
    Setting("registry.listen", "", text, "HOST:PORT to serve a registry at, over the engine's images", "registry"),
    Setting("registry.tls_cert", None, file_name, "the registry's certificate in PEM, with those that vouch for it"),
    Setting("registry.tls_key", None, file_name, "the certificate's key in PEM"),
    Setting("registry.htpasswd", None, file_name, "file of users and their passwords' bcrypt hashes (`htpasswd -B`)"),
    Setting("registry.token_realm", "", text, "URL of the token server that clients are sent to"),
    Setting("registry.token_service", "", text, "the registry's name there (claim `aud`)"),
    Setting("registry.token_issuer", "", text, "the token server's own name (claim `iss`)"),
    Setting("registry.token_key", None, file_name, "its public keys: PEM or a JSON web key set"),
    Setting("registry.read_only", False, switch, "whether the registry refuses pushes and deletion"),
    Setting("registry.allow_delete", False, switch, "whether clients may delete manifests, tags and blobs"),
    Setting(
        "registry.plain_http",
        False,
        switch,
        "whether the registry may be reached from other machines without TLS",
        "plain_http",
    ),
    Setting(
        "api.listen",
        "",
        text,
        "HOST:PORT of the Kubernetes API; empty: 127.0.0.1:6443, or with --root a free port that stays the same",
        "api",
    ),
    Setting("api.names", (), texts, "further names and addresses that the API's certificate is good for"),
    Setting(
        "api.service_cidr",
        "10.96.0.0/12",
        text,
        "addresses that services get; a second range of the other family after a comma; with ip_family dual, "
        "fd00:10:96::/112 is the second where none is given",
    ),
    Setting("api.node_ports", "30000-32767", text, "ports that services get on every node"),
    Setting(
        "api.external_ips",
        False,
        switch,
        "whether services may have externalIPs: who may write a service then takes over what is sent to any address",
    ),
    Setting(
        "scheduler.config",
        None,
        file_name,
        "a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1): profiles, their plugins and weights",
    ),
    Setting(
        "store.address",
        "",
        _store_address,
        "an etcd that keeps the cluster's state: etcd://HOST[:PORT],…/PREFIX?ca=FILE&cert=FILE&key=FILE; empty: a file",
        "store",
    ),
    *NODE,
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def load(flags: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from every source. ``flags`` may hold ``config`` (the file) beside names of settings; None is unset.

    The file is ``--config``, or ``WHERRY_CONFIG``, or ``ROOT/wherry.toml`` where ``--root`` or ``WHERRY_ROOT`` is
    given, or /etc/wherry/wherry.toml; only the first two must exist. Raises Invalid with every fault found, and
    Forbidden where the instance is another user's.
    """
    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    path, required = _file(given.pop("config", None), given, environment)
    faults: list[str] = []
    document = _read(path, required, faults)
    return resolve(document, str(path), environment, given, faults)


def resolve(
    document: Mapping[str, object],
    file: str,
    environment: Mapping[str, str],
    flags: Mapping[str, object],
    faults: list[str],
) -> Settings:
    """Lay the sources over one another; raises Invalid naming all ``faults``, those handed in first."""
    values = {setting.name: setting.default for setting in SETTINGS}
    faulty: set[str] = set()
    for source, name, value in _given(document, file, environment, flags):
        setting = _BY_NAME.get(name)
        if setting is None:
            faults.append(f"{source}: unknown setting{_hint(source, name)}")
            continue
        try:
            values[name] = setting.parse(str(value) if isinstance(value, Path) else value)
        except ValueError as fault:
            faults.append(f"{source}: {fault}, not {value!r}")
            faulty.add(name.partition(".")[0])
    if values["containers.id_first"] + values["containers.id_count"] - 1 > _LAST_ID:
        faults.append(f"containers.id_first + containers.id_count must not pass {_LAST_ID + 1}")
    if "node" not in faulty:
        faults += faults_of_node(values)
    settings = Settings(**{setting.field: values[setting.name] for setting in SETTINGS})
    if settings.registry_listen and "registry" not in faulty:
        from wherry.registryapi.options import faults_of

        faults += [f"registry: {fault}" for fault in faults_of(settings.registry)]
    if faults:
        listing = "".join(f"\n  {fault}" for fault in faults)
        raise Invalid(f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the settings:{listing}")
    return settings


def _file(flag: object, flags: Mapping[str, object], environment: Mapping[str, str]) -> tuple[Path, bool]:
    explicit = flag or environment.get("WHERRY_CONFIG")
    if explicit:
        return Path(str(explicit)), True
    root = flags.get("root") or environment.get("WHERRY_ROOT")
    if root:
        return Path(str(root)) / "wherry.toml", False
    return SYSTEM_FILE, False


def _read(path: Path, required: bool, faults: list[str]) -> Mapping[str, object]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if required:
            faults.append(f"{path}: no such file")
        return {}
    except OSError as error:
        if isinstance(error, PermissionError) and not os.access(path.parent, os.X_OK, effective_ids=True):
            raise Forbidden(f"{path.parent} is not for you to look into: be root, or its owner") from error
        faults.append(f"{path}: {error.strerror}")
        return {}
    import tomllib  # 15 ms, and most instances have no file

    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: not TOML: {error}")
        return {}


def _given(
    document: Mapping[str, object], file: str, environment: Mapping[str, str], flags: Mapping[str, object]
) -> Iterator[tuple[str, str, object]]:
    """(where it stands, name, value), the weakest source first."""
    for name, value in _flatten(document, ""):
        yield f"{file}: {name}", name, value
    names = {setting.variable: setting.name for setting in SETTINGS}
    for variable, said in environment.items():
        if variable.startswith(PREFIX) and variable not in OTHER_VARIABLES:
            yield variable, names.get(variable, variable), said
    flag_names = {setting.flag: setting.name for setting in SETTINGS if setting.flag}
    for name, value in flags.items():
        yield f"--{name.replace('.', '-').replace('_', '-')}", flag_names.get(name, name), value


def _flatten(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _hint(source: str, name: str) -> str:
    import difflib  # only when there is a fault to explain

    known = [setting.variable for setting in SETTINGS] if source == name else list(_BY_NAME)
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest else f"; known are {', '.join(known)}"
