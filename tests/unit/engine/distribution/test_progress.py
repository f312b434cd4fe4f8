"""Docker's progress messages."""

from typing import Any

import pytest

from wherry.engine.distribution.progress import LayerProgress, Throttled, bar, counted, human


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (999, "999B"), (1000, "1kB"), (1234, "1.234kB"), (12_345_678, "12.35MB"), (1e18, "1000PB")],
)
def test_sizes(size: float, text: str) -> None:
    assert human(size) == text


@pytest.mark.parametrize(
    ("current", "text"),
    [(0, "[>         ]       0B/100B"), (50, "[=====>    ]      50B/100B"), (100, "[=========>]     100B/100B")],
)
def test_a_bar(current: int, text: str) -> None:
    assert bar(current, 100, 10) == text


def test_a_bar_of_unknown_length_is_a_number() -> None:
    assert bar(1500, 0) == "   1.5kB"


def test_a_number_has_its_detail() -> None:
    message = counted("Downloading", "abc", 1, 2)
    assert message["progressDetail"] == {"current": 1, "total": 2}
    assert message["id"] == "abc"


def test_numbers_come_a_few_times_a_second() -> None:
    told: list[dict[str, Any]] = []
    clock = [0.0]
    throttled = Throttled(told.append, "Downloading", "a", 100, lambda: clock[0])
    for current in range(0, 101, 10):
        throttled(current)
        clock[0] += 0.04
    assert [message["progressDetail"]["current"] for message in told] == [0, 30, 60, 90, 100]


def test_a_layer_has_one_line_and_extraction_waits_for_the_download() -> None:
    told: list[dict[str, Any]] = []
    layer = LayerProgress("a", 10, told.append, told.append, lambda: 0.0)
    layer.began()
    layer.extracting(1)
    layer.downloading(5)
    layer.retrying(2.0)
    layer.verifying()
    layer.arrived()
    layer.extracting(10)
    layer.extracted()
    assert [message["status"] for message in told] == [
        "Pulling fs layer", "Downloading", "Retrying in 2 seconds", "Verifying Checksum", "Download complete",
        "Extracting", "Pull complete",
    ]  # fmt: skip


def test_a_layer_is_complete_when_it_is_extracted_and_has_arrived() -> None:
    told: list[dict[str, Any]] = []
    layer = LayerProgress("a", 10, told.append, told.append)
    layer.extracted()
    assert told == []
    layer.arrived()
    assert [message["status"] for message in told] == ["Download complete", "Pull complete"]
