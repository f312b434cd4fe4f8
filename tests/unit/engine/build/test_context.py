"""A build context, and what of it may be seen."""

import os
import stat
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.context import opened
from wherry.engine.build.ignore import Matcher, parse_ignore


def matcher(text: str) -> Matcher:
    return Matcher(parse_ignore(text))


def test_each_look_is_its_own(workshop: Workshop, context: Path) -> None:
    with opened(context, workshop.cache, None, passing=False) as found:
        one, two = found.tree(), found.tree()
        entry = one.find("file")
        assert entry is not None
        (context / "file").write_text("changed")
        os.close(one.open(entry))
        assert (one.changed, two.changed) == (True, False)


def test_without_rules_it_is_shown_as_it_is(workshop: Workshop, context: Path, tmp_path: Path) -> None:
    for text in ("", "nothing-of-this\n"):
        with opened(context, workshop.cache, matcher(text) if text else None, passing=False) as found:
            assert found.layers(lambda: tmp_path / "cover") == [context]
    assert not (tmp_path / "cover").exists()


def test_what_is_ignored_is_covered(workshop: Workshop, context: Path, tmp_path: Path) -> None:
    (context / "d").chmod(0o750)
    os.utime(context / "d", (5, 5))
    cover = tmp_path / "cover"
    cover.mkdir()
    with opened(context, workshop.cache, matcher("d/inner\nfile\n"), passing=False) as found:
        assert found.layers(lambda: cover) == [cover, context]
    for name in ("file", "d/inner"):
        status = (cover / name).lstat()
        assert (stat.S_ISCHR(status.st_mode), status.st_rdev) == (True, 0)
    assert sorted(path.name for path in cover.rglob("*")) == ["d", "file", "inner"]
    assert (stat.S_IMODE((cover / "d").stat().st_mode), (cover / "d").stat().st_mtime) == (0o750, 5)


def test_only_the_top_of_what_is_ignored_is_covered(workshop: Workshop, context: Path, tmp_path: Path) -> None:
    (context / "d/e").mkdir()
    (context / "d/e/keep").touch()
    cover = tmp_path / "cover"
    cover.mkdir()
    with opened(context, workshop.cache, matcher("d\n!d/e/keep\n"), passing=False) as found:
        found.layers(lambda: cover)
    assert sorted(str(path.relative_to(cover)) for path in cover.rglob("*")) == ["d", "d/inner", "d/other"]


def test_a_passing_context_is_not_remembered(workshop: Workshop, context: Path) -> None:
    for passing in (True, False):
        with opened(context, workshop.cache, None, passing) as found:
            entry = found.tree().find("file")
            assert entry is not None
            found.files.of(entry)
    assert isinstance(found.files._key, str)
    assert found.files._key


def test_a_context_that_is_not_there(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened(tmp_path / "no", workshop.cache, None, passing=False):
        pass
