"""A container's states and its row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import TRANSITIONS, Config, HostConfig, HostPlace, State
from wherry.engine.containers.row import Container, MountPoint, Rows
from wherry.engine.database import Database
from wherry.kit.errors import Conflict

STATES = st.sampled_from(list(State))


@given(STATES, STATES)
def test_the_state_goes_only_where_the_table_says(before: State, after: State) -> None:
    container = row(state=before)
    if after in TRANSITIONS[before]:
        container.move(after)
        assert container.state is after
    else:
        with pytest.raises(Conflict, match=f"is {before} and cannot become {after}"):
            container.move(after)
        assert container.state is before


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(State)


def test_every_state_can_be_reached_and_none_leads_back_to_created() -> None:
    reached, pending = {State.CREATED}, [State.CREATED]
    while pending:
        for state in TRANSITIONS[pending.pop()] - reached:
            reached.add(state)
            pending.append(state)
    assert reached == set(State)
    assert not any(State.CREATED in after for after in TRANSITIONS.values())


def test_every_state_but_a_running_removal_can_be_removed() -> None:
    assert all(State.REMOVING in after for state, after in TRANSITIONS.items() if state is not State.REMOVING)


@pytest.mark.parametrize("state", list(State))
def test_active_is_running_paused_or_restarting(state: State) -> None:
    assert row(state=state).is_active == (state in (State.RUNNING, State.PAUSED, State.RESTARTING))


@pytest.fixture
def rows() -> Rows:
    return Rows(Database(":memory:"))


def test_a_row_comes_back_as_it_was_written(rows: Rows) -> None:
    container = row(
        config=Config(Env=["A=ü", "B=\n"], Cmd=["x"], Labels={"a": ""}),
        host=HostConfig(PortBindings={"80/tcp": [HostPlace(HostPort="1")], "81/tcp": None}, Memory=1 << 40),
        mounts=[MountPoint(kind="volume", destination="/d", name="v", options=["rw"])],
        state=State.PAUSED,
        ids=100_000,
    )
    rows.insert(container)
    assert rows.all() == [container]


@given(STATES, st.integers(0, 255), st.text(max_size=20))
def test_a_change_is_kept(state: State, code: int, error: str) -> None:
    rows = Rows(Database(":memory:"))
    container = row()
    rows.insert(container)
    container.state, container.exit_code, container.error = state, code, error
    rows.save(container)
    assert rows.all() == [container]


def test_a_deleted_row_is_gone(rows: Rows) -> None:
    rows.insert(row())
    rows.delete("1" * 64)
    rows.delete("1" * 64)
    assert rows.all() == []


def test_a_row_of_an_earlier_version_can_be_read(rows: Rows) -> None:
    """Fields that came later have defaults."""
    import msgspec

    document = msgspec.to_builtins(row())
    for later in ("mapped", "failures", "oom_killed", "mounts"):
        del document[later]
    assert msgspec.convert(document, Container) == row()
