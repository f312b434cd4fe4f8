"""COPY and ADD out of their lines. Pure; rules and wording as in :mod:`wherry.engine.dockerfile.instructions`."""

from collections.abc import Sequence

from wherry.engine.dockerfile import heredoc
from wherry.engine.dockerfile.flags import Flags, Kind
from wherry.engine.dockerfile.lines import Line
from wherry.engine.dockerfile.model import Add, Copy, HereDocument
from wherry.engine.dockerfile.statement import Statement
from wherry.engine.dockerfile.words import split_blanks
from wherry.kit.errors import Invalid

_COMMON = {"chown": Kind.TEXT, "chmod": Kind.TEXT, "link": Kind.BOOLEAN, "exclude": Kind.TEXTS}
_COPY_FLAGS = {**_COMMON, "from": Kind.TEXT, "parents": Kind.BOOLEAN}
_ADD_FLAGS = {**_COMMON, "checksum": Kind.TEXT, "keep-git-dir": Kind.BOOLEAN, "unpack": Kind.BOOLEAN}
_NO_VARIABLES = (
    "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope"
    " as a workaround"
)


def copy(line: Line) -> Copy:
    """Raises Invalid."""
    words = _words(line.statement)
    flags = Flags(line.statement.flags, _COPY_FLAGS)
    if "$" in flags.text("from"):
        raise Invalid(_NO_VARIABLES)
    sources, documents, destination = _sources(line, words)
    return Copy(
        line.location,
        sources,
        destination,
        documents,
        from_=flags.text("from"),
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=bool(flags.boolean("link")),
        parents=bool(flags.boolean("parents")),
        exclude=flags.texts("exclude"),
    )


def add(line: Line) -> Add:
    """Raises Invalid."""
    words = _words(line.statement)
    flags = Flags(line.statement.flags, _ADD_FLAGS)
    sources, documents, destination = _sources(line, words)
    return Add(
        line.location,
        sources,
        destination,
        documents,
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=bool(flags.boolean("link")),
        exclude=flags.texts("exclude"),
        checksum=flags.text("checksum"),
        keep_git_dir=flags.boolean("keep-git-dir"),
        unpack=flags.boolean("unpack"),
    )


def _words(said: Statement) -> Sequence[str]:
    words = split_blanks(said.rest) if said.array is None else said.array
    if len(words) < 2:
        raise Invalid(
            f"{said.keyword.upper()} requires at least two arguments, but only one was provided."
            " Destination could not be determined"
        )
    return words


def _sources(line: Line, words: Sequence[str]) -> tuple[tuple[str, ...], tuple[HereDocument, ...], str]:
    """Paths, here-documents with their lines, and the destination."""
    *sources, destination = words
    if line.statement.array is not None:
        return tuple(sources), (), destination
    if heredoc.announcement(destination) is not None:
        raise Invalid(f"{line.statement.keyword.upper()} cannot accept a heredoc as a destination")
    bodies = {document.name: document for document in line.documents}
    paths: list[str] = []
    documents: list[HereDocument] = []
    for source in sources:
        announced = heredoc.announcement(source)
        if announced is None:
            paths.append(source)
        elif announced.name in bodies:
            documents.append(_ready(bodies[announced.name]))
        else:
            raise Invalid(f"{line.statement.keyword.upper()} has no document for {source}")
    return tuple(paths), tuple(documents), destination


def _ready(document: HereDocument) -> HereDocument:
    """Without tabs that its ``-`` takes away, which must happen before variables with tabs are filled in."""
    return HereDocument(heredoc.file_name(document), document.text, document.expands)
