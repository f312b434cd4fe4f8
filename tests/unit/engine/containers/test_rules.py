"""What settings say of all containers, and that it is followed."""

from pathlib import Path

from tests.unit.engine.containers.harness import Machine
from wherry.engine.containers import Rules


async def test_a_container_that_says_nothing_stops_in_the_time_of_the_rules(tmp_path: Path) -> None:
    machine = Machine(tmp_path, rules=Rules(warm=0, stop_seconds=0))
    daemon = await machine.up()
    container = await daemon.run("deaf")
    task = machine.task(container)
    await daemon.containers.stop(container)
    assert task.signals == [15, 9]
    await daemon.close()


async def test_containers_get_ids_from_the_first_on(tmp_path: Path) -> None:
    machine = Machine(tmp_path, rules=Rules(first_id=300_000, warm=0))
    daemon = await machine.up()
    container = await daemon.run()
    assert daemon.containers.inspect(container)["Wherry"]["UserNamespace"]["Ids"] == "300000:65536"
    await daemon.containers.remove(container, force=True)
    await daemon.close()
