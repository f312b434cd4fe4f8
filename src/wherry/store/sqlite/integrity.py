"""Whether a database is what was written, down to every bit that means something. Reads all of it."""

from pathlib import Path

import apsw

from wherry.store.model import Corrupt
from wherry.store.sqlite.schema import item_of, last_place, lease_checksum, read_state

# Each counts rows that cannot be: what refers to a content must agree with it, and contents have a checksum.
_RULES = {
    "items that are not what their content is": """
        SELECT count(*) FROM items i LEFT JOIN contents c ON c.place = i.place
        WHERE c.key IS NOT i.key OR c.lease IS NOT i.lease""",
    "events that are not what their content is": """
        SELECT count(*) FROM events e JOIN contents c ON c.place = e.place WHERE c.key <> e.key""",
    "events whose previous content is not what it was": """
        SELECT count(*) FROM events e LEFT JOIN contents p ON p.place = e.previous
        WHERE e.previous IS NOT NULL AND (p.key IS NOT e.key OR p.place >= e.place)""",
    "events of nothing": """
        SELECT count(*) FROM events e LEFT JOIN contents c ON c.place = e.place
        WHERE e.previous IS NULL AND c.place IS NULL""",
    "contents without an event": """
        SELECT count(*) FROM contents c LEFT JOIN events e ON e.place = c.place
        WHERE e.place IS NULL AND c.place > :compacted""",
    "contents that nothing needs, or that are missing": """
        SELECT (SELECT count(*) FROM contents) - (SELECT count(*) FROM items) - (SELECT count(previous) FROM events)""",
    "contents that are needed twice": """
        SELECT count(*) - count(DISTINCT place) FROM
        (SELECT place FROM items UNION ALL SELECT previous FROM events WHERE previous IS NOT NULL)""",
    "rows of the future": """
        SELECT count(*) FROM (SELECT place FROM contents UNION ALL SELECT place FROM events) WHERE place > :newest""",
}


def check(connection: apsw.Connection) -> None:
    """Raises Corrupt, saying what is wrong; apsw's errors where SQLite finds that itself."""
    path = Path(connection.filename).name
    for (complaint,) in connection.execute("PRAGMA integrity_check(1)"):
        if complaint != "ok":
            raise Corrupt(f"{path} is damaged ({complaint}); restore a backup")
    for row in connection.execute("SELECT key, place, created, lease, checksum, value FROM contents"):
        item_of(*row)
    for lease, seconds, checksum in connection.execute("SELECT id, seconds, checksum FROM leases"):
        if lease_checksum(lease, seconds) != checksum:
            raise Corrupt(f"{path} is damaged (lease {lease}); restore a backup")
    state = read_state(connection)
    bindings = {"compacted": last_place(state.compacted), "newest": last_place(state.revision)}
    for what, rule in _RULES.items():
        ((count,),) = connection.execute(rule, bindings)
        if count:
            raise Corrupt(f"{path} is damaged ({count} {what}); restore a backup")
