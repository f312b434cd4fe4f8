"""What was measured, against what must be reached: as a table, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measure import Sample

_HEAD = ("what", "ours", "peer or floor", "ratio", "must reach", "")


@dataclass(frozen=True, slots=True)
class Goal:
    """At most ``limit``: of the ratio of ours to the peer's, or else of ours, in its unit."""

    limit: float
    is_ratio: bool = True

    def __str__(self) -> str:
        return f"≤ {self.limit:g} x" if self.is_ratio else f"≤ {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``peer_name`` says what ``peer`` is; without a ``goal`` it is there to be known.

    ``missing`` says why nothing was measured; ``failed``: something broke, rather than a peer is not there.
    """

    name: str
    what: str
    unit: str
    ours: Sample | None = None
    peer: Sample | None = None
    peer_name: str = ""
    goal: Goal | None = None
    missing: str = ""
    failed: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float | None:
        """Of the medians."""
        return self.ours.median / self.peer.median if self.ours and self.peer else None

    @property
    def is_reached(self) -> bool | None:
        """None where there is nothing to reach, or nothing was measured."""
        if self.goal is None or self.ours is None:
            return None
        value = self.ratio if self.goal.is_ratio else self.ours.median
        return None if value is None else value <= self.goal.limit


def table(rows: Sequence[Row]) -> str:
    """Lines for people; below them the notes, and which goals are missed."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "  ".join(_aligned(cell, width, column) for column, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*(line.rstrip() for line in lines), "", *_remarks(rows), verdict(rows)])


def _cells(row: Row) -> tuple[str, ...]:
    must = f"{row.goal}{'' if row.goal.is_ratio else ' ' + row.unit}" if row.goal else ""
    if row.ours is None:
        return row.what, "-", row.peer_name, "-", must, "not measured"
    peer = f"{row.peer_name} {_number(row.peer, row.unit)}" if row.peer else row.peer_name
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    state = {None: "", True: "reached", False: "MISSED"}[row.is_reached]
    return row.what, _number(row.ours, row.unit), peer, ratio, must, state


def _number(sample: Sample, unit: str) -> str:
    return f"{sample.median:.{1 if sample.median < 100 else 0}f} {unit}"


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in (1, 2, 3) else cell.ljust(width)


def _remarks(rows: Sequence[Row]) -> list[str]:
    remarks = [f"{row.what}: {remark}" for row in rows for remark in (*row.notes, row.missing) if remark]
    return [*remarks, ""] if remarks else []


def verdict(rows: Sequence[Row]) -> str:
    missed = [row.what for row in rows if row.is_reached is False]
    judged = sum(row.is_reached is not None for row in rows)
    if missed:
        return f"{len(missed)} of {judged} goals missed: {'; '.join(missed)}."
    return f"All {judged} goals that were measured are reached."


def document(rows: Sequence[Row], machine: dict[str, Any]) -> str:
    """For programs: medians, spread and verdict of every row, in the row's unit."""
    return json.dumps({"machine": machine, "rows": [_described(row) for row in rows]}, indent=2) + "\n"


def _described(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "what": row.what,
        "unit": row.unit,
        "ours": _figures(row.ours),
        "peer": _figures(row.peer),
        "peer_name": row.peer_name,
        "ratio": row.ratio,
        "must_reach": {"at_most": row.goal.limit, "of": "ratio" if row.goal.is_ratio else "ours"} if row.goal else None,
        "reached": row.is_reached,
        "missing": row.missing or None,
        "notes": list(row.notes),
    }


def _figures(sample: Sample | None) -> dict[str, float] | None:
    if sample is None:
        return None
    low, high = min(sample.values), sample.percentile(90)
    return {"median": sample.median, "min": low, "p90": high, "count": len(sample.values)}
