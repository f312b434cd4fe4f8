"""``docker top``: ps(1) run on the host, with only the container's processes of what it prints."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from wherry.kit.errors import Invalid, Unavailable


async def processes(pids: Collection[int], arguments: str) -> dict[str, Any]:
    """Titles and rows. Invalid when the asked-for columns have no PID."""
    words = arguments.split() or ["-ef"]
    # Without a selection ps shows the processes of its own terminal (ps(1)). Some options exclude another selection.
    chosen = [*words, "-q", ",".join(map(str, sorted(pids)))]
    output = await _ps(chosen) if pids else None
    if output is None:
        output = await _ps(words, is_last=True)
    return parse(output or "", pids)


async def _ps(words: Sequence[str], is_last: bool = False) -> str | None:
    """What it printed; None when it refused the words, which is Invalid with ``is_last``."""
    try:
        child = await asyncio.create_subprocess_exec(
            "ps", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise Unavailable("top needs the program ps: install Debian's package procps") from error
    output, complaint = await child.communicate()
    if not child.returncode:
        return output.decode(errors="replace")
    if not is_last:
        return None
    raise Invalid(f"ps: {complaint.decode(errors='replace').strip().partition(chr(10))[0]}")


def parse(text: str, pids: Collection[int]) -> dict[str, Any]:
    lines = text.splitlines()
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise Invalid("Couldn't find PID field in ps output")
    column = titles.index("PID")
    rows = []
    for line in lines[1:]:
        fields = line.split(None, len(titles) - 1)
        if len(fields) > column and fields[column].isdigit() and int(fields[column]) in pids:
            rows.append(fields)
    return {"Titles": titles, "Processes": rows}
