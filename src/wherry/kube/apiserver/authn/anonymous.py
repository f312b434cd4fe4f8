"""Who says nothing."""

from wherry.kube.apiserver.model import ANONYMOUS, User

_PATHS = ("/livez", "/readyz", "/healthz", "/version", "/version/")
_BELOW = ("/livez/", "/readyz/")


def anonymous(path: str) -> User | None:
    """Who asks for ``path`` without saying who it is; None: nobody, the answer is 401.

    Health and version alone are for everyone: they are asked for by what runs before there are credentials. Whether
    anonymous may read them is for the authorizer to say. (Upstream lets anonymous ask for everything unless told so by
    AuthenticationConfiguration; roles for anonymous are where clusters were taken over.)
    """
    return ANONYMOUS if path in _PATHS or path.startswith(_BELOW) else None
