"""Rights as scopes."""

from wherry.registryapi.access import CATALOG, Access, Open


def test_rights_are_written_as_scopes() -> None:
    assert str(Access("repository", "a/b", ("pull", "push"))) == "repository:a/b:pull,push"
    assert str(CATALOG) == "registry:catalog:*"


async def test_an_open_registry_admits_anybody() -> None:
    assert Open().is_open
    await Open().admit(None, [CATALOG])
    await Open().admit("Basic nonsense", [])
