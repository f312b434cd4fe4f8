"""The registry of an engine: over its content store and beside its images, when the settings say so."""

from wherry.app.config import Settings
from wherry.engine.content import ContentStore
from wherry.engine.database import Database
from wherry.engine.images import Images
from wherry.engine.images.rows import ImageRows
from wherry.engine.registry.familiar import EngineImages
from wherry.engine.registry.registry import Registry
from wherry.engine.registry.rows import RegistryRows
from wherry.registryapi.options import SOCKET
from wherry.registryapi.server import RegistryServer, serve_registry


async def serve_beside(settings: Settings, database: Database, content: ContentStore, images: Images) -> RegistryServer:
    """Serve what is pushed, and the engine's images; see :func:`wherry.registryapi.server.serve_registry`."""
    registry = Registry(RegistryRows(database), content, images, EngineImages(ImageRows(database)))
    return await serve_registry(registry, settings.registry, settings.instance.run / SOCKET)
