"""The image of a container, as its pull policy has it."""

from collections.abc import Sequence
from dataclasses import dataclass

from wherry.kit.errors import Invalid, WherryError
from wherry.kube.client.clock import Clock
from wherry.node.pods.life.restarts import FIRST_SECONDS, LONGEST_SECONDS
from wherry.node.pods.runtime import Credentials, ImageStatus, PodRuntime
from wherry.node.pods.view import Member
from wherry.node.pods.voice import Voice
from wherry.oci.reference import Reference


class NoImage(WherryError):
    """There is no image to go on with. ``reason`` as a waiting container shows it; it is worth to try again after
    ``seconds``, and ``later`` is what to call it until then, if not the same."""

    def __init__(self, reason: str, message: str, seconds: float, later: tuple[str, str] = ("", "")) -> None:
        super().__init__(message)
        self.reason = reason
        self.seconds = seconds
        self.later = later


@dataclass(slots=True)
class _Failures:
    backoff_seconds: float
    at: float


class Pulls:
    """Of one node. Failed pulls are tried again ever later, for each pod and image (10 s … 5 min)."""

    def __init__(self, runtime: PodRuntime, clock: Clock) -> None:
        self._runtime = runtime
        self._clock = clock
        self._failed: dict[tuple[str, str], _Failures] = {}

    async def ensure(
        self, voice: Voice, name: str, policy: str, credentials: Sequence[Credentials], member: Member | None = None
    ) -> ImageStatus:
        """Raises NoImage. ``member`` is whose image it is; None: a volume's."""
        reference = _parsed(voice, name, member)
        there = self._runtime.image(reference)
        if policy != "Always" and there is not None:
            voice.say("Pulled", f'Container image "{name}" already present on machine', member)
            return there
        if policy == "Never":
            said = f'Container image "{name}" is not present with pull policy of Never'
            voice.warn("ErrImageNeverPull", said, member)
            raise NoImage("ErrImageNeverPull", said, FIRST_SECONDS)
        return await self._pull(voice, (name, reference), credentials, member)

    async def _pull(
        self, voice: Voice, names: tuple[str, str], credentials: Sequence[Credentials], member: Member | None
    ) -> ImageStatus:
        """``names``: as the pod has it, and with the tag that is meant."""
        name, reference = names
        key = (voice.pod["metadata"]["uid"], name)
        voice.say("Pulling", f'Pulling image "{name}"', member)
        begun = self._clock.monotonic()
        try:
            image = await self._runtime.ensure_image(reference, True, credentials)
        except (WherryError, OSError) as error:
            raise self._failure(voice, key, str(error), member) from error
        self._failed.pop(key, None)
        took = f"{round(self._clock.monotonic() - begun, 3):g}s"
        said = f'Successfully pulled image "{name}" in {took} ({took} including waiting). '
        voice.say("Pulled", f"{said}Image size: {image.size_bytes} bytes.", member)
        return image

    def _failure(self, voice: Voice, key: tuple[str, str], why: str, member: Member | None) -> NoImage:
        name, now = key[1], self._clock.monotonic()
        voice.warn("Failed", f'Failed to pull image "{name}": {why}', member)
        before = self._failed.get(key)
        seconds = FIRST_SECONDS
        if before is not None and now - before.at < before.backoff_seconds + 2 * LONGEST_SECONDS:
            seconds = min(before.backoff_seconds * 2, LONGEST_SECONDS)
        self._failed[key] = _Failures(seconds, now)
        later = f'Back-off pulling image "{name}": ErrImagePull: {why}'
        return NoImage("ErrImagePull", why, seconds, ("ImagePullBackOff", later))

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for key in [key for key in self._failed if key[0] == uid]:
            del self._failed[key]


def _parsed(voice: Voice, name: str, member: Member | None) -> str:
    """With the tag that is meant."""
    try:
        reference = Reference.parse(name)
    except Invalid as error:
        said = f'Failed to apply default image tag "{name}": couldn\'t parse image name "{name}": {error}'
        voice.warn("InspectFailed", said, member)
        raise NoImage("InvalidImageName", said, LONGEST_SECONDS) from error
    return name if reference.tag or reference.digest else f"{name}:latest"
