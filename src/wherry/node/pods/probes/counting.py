"""From single answers to a result: thresholds (pkg/kubelet/prober/worker.go). Pure."""

from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.pods.probes.model import Result


@dataclass(frozen=True, slots=True)
class Timing:
    """Of a probe, in seconds and in answers in a row."""

    delay: float = 0.0
    period: float = 10.0
    timeout: float = 1.0
    successes: int = 1
    failures: int = 3

    @classmethod
    def of(cls, probe: Object) -> "Timing":
        return cls(
            delay=float(probe.get("initialDelaySeconds") or 0),
            period=float(probe.get("periodSeconds") or 10),
            timeout=float(probe.get("timeoutSeconds") or 1),
            successes=int(probe.get("successThreshold") or 1),
            failures=int(probe.get("failureThreshold") or 3),
        )


@dataclass(frozen=True, slots=True)
class Count:
    """``holds``: the result so far; ``last`` and ``run``: the newest answer, and how often it came in a row."""

    holds: bool
    last: bool | None = None
    run: int = 0

    def after(self, result: Result, timing: Timing) -> "Count":
        """With one more answer; one that says nothing changes nothing."""
        if result is Result.UNKNOWN:
            return self
        passed = result is not Result.FAILURE
        run = self.run + 1 if passed == self.last else 1
        enough = timing.successes if passed else timing.failures
        return Count(passed if run >= enough else self.holds, passed, run)

    def is_decided(self, passed: bool, timing: Timing) -> bool:
        """Whether ``passed`` was said often enough to count."""
        return self.last is passed and self.run >= (timing.successes if passed else timing.failures)
