"""What containers wait for: images, what they are made of, probes, another start."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from wherry.app.why.gathering import Known
from wherry.app.why.words import age, ago, clean, plural
from wherry.kube.kinds.pod.restarting import restarts
from wherry.kube.machinery.model import Object

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed")
_MAKING = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError",
           "PreStartHookError", "PostStartHookError")  # fmt: skip
_NOT_YET = ("ContainerCreating", "PodInitializing", "")


def waiting_containers(known: Known, now: datetime) -> Iterator[str]:
    """One sentence each; nothing of those that are as they should be, or are not begun with yet."""
    for kind, field in (("init container", "initContainers"), ("container", "containers")):
        statuses = _statuses(known, "initContainerStatuses" if field == "initContainers" else "containerStatuses")
        for spec in known.pod["spec"].get(field) or ():
            status = statuses.get(spec["name"])
            if status is not None:
                said = _one(_about(known, spec["name"]), spec, status, now)
                if said:
                    yield f"Its {kind} {spec['name']} {said}"


def _about(known: Known, container: str) -> Known:
    """Without the events of other containers (``fieldPath``: ``spec.containers{NAME}``)."""

    def is_its_own(event: Object) -> bool:
        path = (event.get("involvedObject") or {}).get("fieldPath") or ""
        return not path.endswith("}") or path.endswith(f"{{{container}}}")

    return replace(known, events=[each for each in known.events if is_its_own(each)])


def _statuses(known: Known, field: str) -> dict[str, Object]:
    return {each.get("name", ""): each for each in known.status.get(field) or ()}


def _one(known: Known, spec: Object, status: Object, now: datetime) -> str:
    """Empty: nothing is to be said."""
    state = status.get("state") or {}
    waiting, ended, running = state.get("waiting"), state.get("terminated"), state.get("running")
    if waiting is not None:
        return _waiting(known, spec, status, waiting, now)
    if ended is not None:
        code = ended.get("exitCode", 0)
        if not code or known.status.get("phase") in ("Succeeded", "Failed"):
            return ""
        next_is = "is to be started again" if restarts(known.pod["spec"], spec, code) else "is not started again"
        return f"has ended with {_end(ended)} {ago(ended.get('finishedAt'), now)} and {next_is}.".strip()
    if running is None:
        return ""
    return _running(known, spec, status, running, now)


def _waiting(known: Known, spec: Object, status: Object, waiting: Object, now: datetime) -> str:
    reason, message = waiting.get("reason") or "", clean(waiting.get("message") or "")
    image = spec.get("image", "")
    if reason in _IMAGE:
        cause = clean(known.said("Failed")) if reason == "ImagePullBackOff" else message
        if "pull" not in cause:
            cause = message
        others = _volume_images(known, spec)
        of_volume = next((each for each in others if f'"{each}"' in cause), "") if f'"{image}"' not in cause else ""
        which = f"the image {of_volume}, which it mounts" if of_volume else f"its image {image}"
        return f"waits for {which}: {cause or reason}"
    if reason == "InvalidImageName":
        return f"cannot have the image {image}: {message or 'that is no name of one'}"
    if reason == "ErrImageNeverPull":
        return f"may not pull its image {image} (imagePullPolicy: Never), and the node does not have it"
    if reason in _MAKING:
        return f"cannot be started: {message or reason}"
    if reason == "CrashLoopBackOff":
        return _crashing(known, status, now)
    if reason in _NOT_YET:
        return _not_yet(known, spec, status)
    return f"waits: {reason}{': ' if message else ''}{message}"


def _volume_images(known: Known, spec: Object) -> list[str]:
    """Of the volumes that it mounts."""
    mounted = {each.get("name") for each in spec.get("volumeMounts") or ()}
    volumes = (each for each in known.pod["spec"].get("volumes") or () if each.get("name") in mounted)
    return [str(each["image"].get("reference")) for each in volumes if each.get("image")]


def _not_yet(known: Known, spec: Object, status: Object) -> str:
    """It is being begun with; what is under way only events tell."""
    pulling = clean(known.said("Pulling", "Pulled"))
    if pulling.startswith("Pulling image") and str(spec.get("image", "")) in pulling:
        return f"waits for its image {spec.get('image')}, which is being pulled"
    last = (status.get("lastState") or {}).get("terminated")
    return f"is being started again, after {_end(last)}" if last else ""


def _crashing(known: Known, status: Object, now: datetime) -> str:
    last = (status.get("lastState") or {}).get("terminated") or {}
    said = f"ends again and again: {plural(status.get('restartCount', 0), 'restart')}"
    if last:
        said += f", the last time with {_end(last)} {ago(last.get('finishedAt'), now)}".rstrip()
    words = clean(last.get("message") or "")
    said += _killed(known, str(status.get("name", "")))
    return f"{said}. It is started again after a pause{f'. Its last words: {words}' if words else ''}"


def _killed(known: Known, name: str) -> str:
    """It did not end by itself, but because a probe did not pass."""
    ended = known.said("Killing")
    if ended == "FailedPostStartHook":
        why = next((each for each in _newest(known, "Failed") if "exited with" in each or "hook" in each.lower()), "")
        return f". It is stopped because its postStart hook fails{f': {why}' if why else ''}"
    for kind in ("liveness", "startup"):
        if ended.startswith(f"Container {name} failed {kind} probe"):
            return f". It is stopped because its {kind} probe does not pass{_why(known, kind)}"
    return ""


def _newest(known: Known, reason: str) -> list[str]:
    """Messages of these events, the newest first."""
    return [clean(each.get("message") or "") for each in reversed(known.events) if each.get("reason") == reason]


def failed_containers(status: Object) -> Iterator[str]:
    """Of a pod that has ended: those that ended badly, and how."""
    for field in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(field) or ():
            ended = (each.get("state") or {}).get("terminated") or {}
            if ended.get("exitCode"):
                message = clean(ended.get("message") or "")
                yield f"Its container {each.get('name')} ended with {_end(ended)}{f': {message}' if message else ''}."


def _end(ended: Object) -> str:
    reason = ended.get("reason") or ""
    if ended.get("signal"):
        return f"signal {ended['signal']}{f' ({reason})' if reason else ''}"
    return f"exit code {ended.get('exitCode', 0)}{f' ({reason})' if reason and reason != 'Error' else ''}"


def _running(known: Known, spec: Object, status: Object, running: Object, now: datetime) -> str:
    since = age(running.get("startedAt"), now)
    runs = f"runs for {since}" if since else "runs"
    if spec.get("startupProbe") is not None and not status.get("started"):
        return f"{runs}, and its startup probe has not passed yet{_why(known, 'startup')}"
    if status.get("ready"):
        return ""
    if spec.get("readinessProbe") is not None:
        return f"{runs}, and its readiness probe does not pass{_why(known, 'readiness')}"
    if _is_step(known, spec):
        return f"{runs}; the others begin when it has ended"
    return f"{runs} and is not ready yet"


def _why(known: Known, kind: str) -> str:
    """What the probe of this kind said last."""
    said = [clean(each.get("message") or "") for each in known.events if each.get("reason") == "Unhealthy"]
    mine = [each for each in said if each.startswith(kind.title())]
    return f": {mine[-1].rstrip(': ')}" if mine else ""


def _is_step(known: Known, spec: Object) -> bool:
    """An init container that has to end."""
    steps = known.pod["spec"].get("initContainers") or ()
    return any(each["name"] == spec["name"] for each in steps) and spec.get("restartPolicy") != "Always"
