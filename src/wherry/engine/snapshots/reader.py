"""A tar archive as a sequence of entries: ustar, GNU, pax and star headers folded into one :class:`Header` each.

Where archives are ambiguous this decides as Go's archive/tar (reader.go), so that what others checked or built is what
is extracted here. Global pax headers are passed over, as Docker does.
"""

from collections.abc import Iterator
from itertools import takewhile

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.header import Extended, Extents, Header
from wherry.engine.snapshots.source import BLOCK_BYTES, Source
from wherry.kit.errors import Invalid

EXTENDED_LIMIT_BYTES = 1 << 20
"""Of everything said about one entry besides its header; a path has 4 KiB, an extended attribute 64 KiB at most."""

SPARSE_LIMIT = 65536
"""Parts of one sparse file."""

_ZEROS = bytes(BLOCK_BYTES)
_WITH_DATA = (tar.REGULAR, tar.OLD_REGULAR, tar.CONTIGUOUS, tar.GNU_SPARSE)
_EXTENSIONS = (tar.PAX, tar.SOLARIS_PAX, tar.PAX_GLOBAL, tar.LONG_NAME, tar.LONG_LINK)
_HEADER_ONLY = (tar.HARD_LINK, tar.SYMBOLIC_LINK, tar.CHARACTER, tar.BLOCK, tar.DIRECTORY, tar.FIFO)


def entries(source: Source) -> Iterator[Header]:
    """The archive's entries up to its end marker. An entry's ``size`` bytes may be taken from ``source``, in full or in
    part, before the next is asked for. Regular files all have the kind REGULAR. Raises Invalid."""
    extended: Extended | None = None
    extended_bytes = 0
    while (block := source.block()) and not _is_end(block, source):
        header = tar.parse(block)
        if header.kind in _EXTENSIONS:
            extended_bytes += header.size
            extended = _extend(source, header, extended, extended_bytes)
            continue
        if extended is not None:
            _merge(header, extended)
        is_gnu_sparse = header.kind == tar.GNU_SPARSE
        _settle_kind(header)
        end, padding = _data_end(source.position, header.size), -header.size % BLOCK_BYTES
        if is_gnu_sparse:
            end += _gnu_sparse(source, header, block)
        elif extended is not None and (version := extended.sparse_version):
            _pax_sparse(source, header, extended, version)
        yield header
        source.skip(end - padding - source.position)
        source.padding(end - source.position)
        extended, extended_bytes = None, 0
    if extended is not None:
        raise Invalid("layer is not a complete tar archive: it ends behind an extended header")


def _data_end(position: int, size: int) -> int:
    return position + (size + BLOCK_BYTES - 1) // BLOCK_BYTES * BLOCK_BYTES


def _is_end(block: bytes, source: Source) -> bool:
    """Two blocks of zeros; the second may be missing."""
    if block != _ZEROS:
        return False
    if source.block() not in (_ZEROS, b""):
        raise Invalid("layer is not a tar archive, or is damaged: an entry follows a block of zeros")
    return True


def _extend(source: Source, header: Header, extended: Extended | None, total_bytes: int) -> Extended | None:
    """Read a header that describes the entry behind it."""
    if total_bytes > EXTENDED_LIMIT_BYTES:
        raise Invalid(f"layer has extended headers of more than {EXTENDED_LIMIT_BYTES} bytes for one entry")
    end = _data_end(source.position, header.size)
    data = source.take(header.size)
    source.skip(end - source.position)
    if header.kind == tar.PAX_GLOBAL:
        return None  # and what was said before it is forgotten
    extended = extended or Extended()
    if header.kind == tar.LONG_NAME:
        extended.long_name = data.partition(b"\0")[0]
    elif header.kind == tar.LONG_LINK:
        extended.long_link = data.partition(b"\0")[0]
    else:  # the last of several counts, whole
        extended = Extended(long_name=extended.long_name, long_link=extended.long_link)
        tar.parse_pax(data, extended)
    return extended


def _merge(header: Header, extended: Extended) -> None:
    fields = extended.fields
    header.name = extended.long_name or fields.get(b"path") or header.name
    header.link = extended.long_link or fields.get(b"linkpath") or header.link
    if value := fields.get(b"uid"):
        header.uid = tar.decimal(value, "uid")
    if value := fields.get(b"gid"):
        header.gid = tar.decimal(value, "gid")
    if value := fields.get(b"mtime"):
        header.mtime = tar.pax_time(value)
    if value := fields.get(b"size"):
        header.size = tar.decimal(value, "size")
    header.xattrs = extended.xattrs or None


def _settle_kind(header: Header) -> None:
    """All spellings of a regular file become one; before POSIX, a trailing slash made a directory.

    Only what is still a file then has data behind it: whoever disagrees reads the data as the next header.
    """
    if header.kind == tar.OLD_REGULAR and header.name.endswith(b"/"):
        header.kind = tar.DIRECTORY
    if header.kind in _HEADER_ONLY:
        header.size = 0
    elif header.kind in _WITH_DATA:
        header.kind = tar.REGULAR
        header.real_size = header.size


def _pax_sparse(source: Source, header: Header, extended: Extended, version: str) -> None:
    """GNU sparse formats 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse Files")."""
    fields = extended.fields
    if header.kind != tar.REGULAR:
        raise Invalid("layer has a sparse entry that is no file")
    if version == "1.0":
        extents = _map_in_data(source, header)
    elif extended.sparse:
        extents = extended.sparse
    else:
        text = fields.get(b"GNU.sparse.map")
        extents = _pairs([tar.decimal(part, "a sparse map") for part in text.split(b",")]) if text else []
    header.name = fields.get(b"GNU.sparse.name") or header.name
    size = fields.get(b"GNU.sparse.size") or fields.get(b"GNU.sparse.realsize")
    _set_sparse(header, extents, tar.decimal(size, "a sparse size") if size else header.size)


def _map_in_data(source: Source, header: Header) -> Extents:
    """Version 1.0: the map, in decimal lines padded to a block, stands before the data and counts as it."""
    text = _map_block(source, header)
    count = tar.decimal(text.partition(b"\n")[0], "a sparse map")
    if count > SPARSE_LIMIT:
        raise Invalid(f"layer has a sparse file of more than {SPARSE_LIMIT} parts")
    blocks, lines = [text], text.count(b"\n")
    while lines < 1 + 2 * count:
        blocks.append(_map_block(source, header))
        lines += blocks[-1].count(b"\n")
    return _pairs([tar.decimal(line, "a sparse map") for line in b"".join(blocks).split(b"\n")[1 : 1 + 2 * count]])


def _map_block(source: Source, header: Header) -> bytes:
    if header.size < BLOCK_BYTES:
        raise Invalid("layer has a sparse file whose map is not complete")
    header.size -= BLOCK_BYTES
    return source.take(BLOCK_BYTES)


def _pairs(numbers: list[int]) -> Extents:
    if len(numbers) % 2:
        raise Invalid("layer has a sparse file whose map is not complete")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _gnu_sparse(source: Source, header: Header, block: bytes) -> int:
    """The old GNU format: four parts in the header, 21 in each block behind it; returns the bytes of those blocks."""
    extents = _old_parts(block[386:482])
    more, count = block[482], 0
    while more:
        following = source.take(BLOCK_BYTES)
        extents += _old_parts(following[:504])
        more = following[504]
        count += 1
        if len(extents) > SPARSE_LIMIT:
            raise Invalid(f"layer has a sparse file of more than {SPARSE_LIMIT} parts")
    _set_sparse(header, extents, tar.number(block[483:495]))
    return count * BLOCK_BYTES


def _old_parts(text: bytes) -> Extents:
    parts = [(text[at : at + 12], text[at + 12 : at + 24]) for at in range(0, len(text), 24)]
    return [(tar.number(offset), tar.number(length)) for offset, length in takewhile(lambda part: part[0][0], parts)]


def _set_sparse(header: Header, extents: Extents, real_size: int) -> None:
    """Check that the parts are in order, do not overlap, and are what the archive has."""
    at = 0
    for offset, length in extents:
        if offset < at or length < 0:
            raise Invalid("layer has a sparse file whose parts overlap")
        at = offset + length
    if at > real_size or sum(length for _, length in extents) != header.size:
        raise Invalid("layer has a sparse file whose map does not fit its size")
    header.extents, header.real_size = extents, real_size
