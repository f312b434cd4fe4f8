"""Which names images have here because a pod wanted them: they may go again when nobody uses them."""

from wherry.engine.database import Database
from wherry.engine.images.model import Image
from wherry.oci.reference import Reference

SCHEMA = ("CREATE TABLE pod_images (reference TEXT PRIMARY KEY) WITHOUT ROWID",)


class Pulled:
    """Rows of the engine's database. References are whole: ``docker.io/library/web:1``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("pod_images", SCHEMA)
        self._references = {str(row[0]) for row in database.execute("SELECT reference FROM pod_images")}

    def note(self, reference: Reference) -> None:
        """It was brought here for a pod. Idempotent."""
        if str(reference) not in self._references:
            self._database.execute("INSERT OR IGNORE INTO pod_images VALUES (?)", str(reference))
            self._references.add(str(reference))

    def forget(self, reference: Reference) -> None:
        """It is not here any more. Idempotent."""
        self._database.execute("DELETE FROM pod_images WHERE reference = ?", str(reference))
        self._references.discard(str(reference))

    def has(self, reference: Reference) -> bool:
        return str(reference) in self._references

    def covers(self, image: Image) -> bool:
        """No name of the image is anybody else's. What lost its tag to a newer one still has its repository."""
        tags = [Reference.parse(text) for text in image.repo_tags]
        names = {Reference.parse(text).name for text in image.repo_digests}
        known = {Reference.parse(text).name for text in self._references}
        return bool(tags or names) and all(map(self.has, tags)) and names <= known
