"""The errors a caller can act on, named by what the caller can do.

Each face (Docker API, command line, later Kubernetes and OCI distribution) maps them in one table.
The message names the thing, what is wrong, and what to do. Keep the cause with ``raise … from``.
"""


class WherryError(Exception):
    """An error with a message meant for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(WherryError):
    """The thing does not exist."""


class AlreadyExists(WherryError):
    """A thing of that name exists."""


class Conflict(WherryError):
    """The thing's state forbids the request; another state would allow it."""


class Invalid(WherryError):
    """The request itself is wrong; repeating it cannot succeed."""


class NotModified(WherryError):
    """The thing already is as asked."""


class Unauthenticated(WherryError):
    """Nobody vouches for the caller."""


class Forbidden(WherryError):
    """The caller is known and may not."""


class Expired(WherryError):
    """What the request refers to has passed."""


class TooManyRequests(WherryError):
    """Try again later."""


class Unavailable(WherryError):
    """Something this needs does not answer or is full; repeating may succeed."""


class Unsupported(WherryError):
    """Wherry does not do this (yet), or this machine cannot."""
