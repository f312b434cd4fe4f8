"""The syntax tree."""

from wherry.engine.dockerfile.model import HereDocument
from wherry.engine.dockerfile.parser import parse


def test_a_stage_says_what_its_from_says() -> None:
    file = parse("# escape=`\nFROM --platform=$P base:$V AS Name\nRUN x")
    (stage,) = file.stages
    assert (stage.name, stage.base, stage.platform) == ("name", "base:$V", "$P")
    assert file.escape == "`"


def test_a_document_loses_the_tabs_that_it_was_told_to() -> None:
    assert HereDocument("E", "\t\ta\n\t b\nc\t\n", strips_tabs=True).text == "a\n b\nc\t\n"
    assert HereDocument("E", "\ta\n").text == "\ta\n"
