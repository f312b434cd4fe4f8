"""Memory of several processes together, from /proc/PID/smaps (proc(5))."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Mapping(NamedTuple):
    """A mapping's figures in bytes. ``file``: what is mapped; empty for memory of no file.

    ``own``: what is not, or no longer, the file's; ``own_pss``: its share of that, which forks share.
    """

    file: str
    pss: int
    resident: int
    own: int
    own_pss: int


def mappings(smaps: str) -> Iterator[Mapping]:
    """The mappings of one process, in the order of their addresses."""
    file, figures = "", {"Pss": 0, "Rss": 0, "Anonymous": 0, "Pss_Dirty": 0}
    for line in smaps.splitlines():
        words = line.split()
        if not words[0].endswith(":"):  # address mode offset device inode [path]
            file = f"{words[3]} {words[4]}" if words[4] != "0" else ""
        elif (name := words[0][:-1]) in figures:
            figures[name] = int(words[1]) * 1024
        elif name == "VmFlags":  # the last line of each
            yield Mapping(file, *figures.values())


def pss_bytes(processes: Iterable[Iterable[Mapping]]) -> int:
    """Proportional set sizes: what they have for themselves, and their share of what others use too."""
    return sum(one.pss for process in processes for one in process)


def alone_bytes(processes: Iterable[Iterable[Mapping]]) -> int:
    """About their proportional set sizes if nobody else used the same files: each file counts once, with what the one
    that has most of it has."""
    own, shares = 0, defaultdict[str, int](int)
    for process in processes:
        most = defaultdict[str, int](int)
        for one in process:
            if one.file:
                most[one.file] += one.resident - one.own
                own += one.own_pss
            else:
                own += one.pss
        for file, size in most.items():
            shares[file] = max(shares[file], size)
    return own + sum(shares.values())


def read(pids: Iterable[int]) -> list[list[Mapping]]:
    """One list a process; FileNotFoundError when one has ended."""
    return [list(mappings(Path(f"/proc/{pid}/smaps").read_text())) for pid in pids]
