"""Probes and lifecycle hooks of containers."""

from wherry.kube.kinds.checking import nonnegative, port_number_or_name
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_SCHEMES = ("HTTP", "HTTPS")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def validate_probes(container: Object, path: Path) -> list[FieldError]:
    """Of a container that may have them."""
    errors: list[FieldError] = []
    for kind in _PROBES:
        probe = container.get(kind)
        if probe is not None:
            errors += _validate_probe(probe, kind, path.child(kind))
    return errors


@remembered
def _validate_probe(probe: Object, kind: str, path: Path) -> list[FieldError]:
    errors = _validate_handler(probe, None, path)
    for name in _COUNTS:
        if probe.get(name, 0) < 0:
            errors += nonnegative(path.child(name), probe[name])
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None:
        at = path.child("terminationGracePeriodSeconds")
        if grace <= 0:
            errors.append(invalid(at, grace, "must be greater than 0"))
        if kind == "readinessProbe":
            errors.append(invalid(at, grace, "must not be set for readinessProbes"))
    if kind != "readinessProbe" and probe.get("successThreshold") != 1:
        errors.append(invalid(path.child("successThreshold"), probe.get("successThreshold", 0), "must be 1"))
    return errors


def validate_lifecycle(lifecycle: Object, grace_seconds: int | None, os: str, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            errors += _validate_handler(lifecycle[name], grace_seconds, path.child(name))
    signal = lifecycle.get("stopSignal")
    if signal is not None:
        errors += _validate_stop_signal(signal, os, path.child("stopSignal"))
    return errors


def forbid_hooks(container: Object, path: Path) -> list[FieldError]:
    """Init containers that end have no probes and no hooks."""
    why = "may not be set for init containers without restartPolicy=Always"
    return [forbidden(path.child(name), why) for name in ("lifecycle", *_PROBES) if container.get(name) is not None]


_NAMED_SIGNALS = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP "
    "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
_LINUX_SIGNALS = frozenset(f"SIG{name}" for name in _NAMED_SIGNALS.split(" "))
_LINUX_SIGNALS |= {f"SIGRTMIN+{n}" for n in range(1, 16)} | {f"SIGRTMAX-{n}" for n in range(1, 15)}
_WINDOWS_SIGNALS = frozenset(("SIGKILL", "SIGTERM"))


def _validate_stop_signal(signal: str, os: str, path: Path) -> list[FieldError]:
    if not signal:
        return [required(path, "must not be empty")]
    if not os:
        return [forbidden(path, "may not be set for containers with empty `spec.os.name`")]
    known = _WINDOWS_SIGNALS if os == "windows" else _LINUX_SIGNALS
    return [] if signal in known else [not_supported(path, signal, known)]


_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def _validate_handler(handler: Object, grace_seconds: int | None, path: Path) -> list[FieldError]:
    """Exactly one action; ``grace_seconds`` bounds a sleep (None: it is bounded by nothing)."""
    kinds = [kind for kind in _HANDLERS if handler.get(kind) is not None]
    if not kinds:
        return [required(path, "must specify a handler type")]
    errors = _validate_action(kinds[0], handler[kinds[0]], grace_seconds, path.child(kinds[0]))
    return errors + [forbidden(path.child(each), "may not specify more than 1 handler type") for each in kinds[1:]]


def _validate_action(kind: str, action: Object, grace_seconds: int | None, path: Path) -> list[FieldError]:
    if kind == "exec":
        return [] if action.get("command") else [required(path.child("command"))]
    if kind == "httpGet":
        return _validate_http(action, path)
    if kind == "sleep":
        seconds = action.get("seconds", 0)
        if grace_seconds is None or 0 <= seconds <= grace_seconds:
            return []
        why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_seconds})"
        return [invalid(path, seconds, why)]
    return port_number_or_name(path.child("port"), action.get("port", 0))


def _validate_http(action: Object, path: Path) -> list[FieldError]:
    errors = [] if action.get("path") else [required(path.child("path"))]
    errors += port_number_or_name(path.child("port"), action.get("port", 0))
    scheme = action.get("scheme", "")
    if scheme not in _SCHEMES:
        errors.append(not_supported(path.child("scheme"), scheme, _SCHEMES))
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        errors += names.complain(path.child("httpHeaders"), name, names.http_header(name))
    return errors
