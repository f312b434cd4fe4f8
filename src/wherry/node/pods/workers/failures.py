"""Why a container was not started."""

from wherry.kit.errors import WherryError

AGAIN_SECONDS = 10.0
"""The kubelet's backOffPeriod."""
SOON_SECONDS = 1.0


class NotStarted(WherryError):
    """``reason`` and the message are what a waiting container shows."""

    def __init__(self, reason: str, message: str, seconds: float = AGAIN_SECONDS) -> None:
        super().__init__(message)
        self.reason = reason
        self.seconds = seconds
