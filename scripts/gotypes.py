"""The structures of a Go program, read from the reflection data that every Go program carries.

Good for ELF files of 64 bits, little-endian, stripped or not, of Go 1.17 and later (their layout: internal/abi/type.go
of Go's own source). Only structures with a ``protobuf`` tag in them are looked for.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_STRUCT, _POINTER = 25, 22
_NAMED, _STARRED, _UNCOMMON = 4, 2, 1  # flags of a type
_RELATIVE = 8  # R_X86_64_RELATIVE


@dataclass(frozen=True, slots=True)
class Field:
    """``tags`` are as in the source: ``json:"name,omitempty" protobuf:"bytes,1,opt,name=name"``."""

    tags: str
    is_pointer: bool

    def tag(self, key: str) -> str:
        found = re.search(rf'\b{key}:"([^"]*)"', self.tags)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    address: int
    offset: int
    size: int


class Program:
    """A file, with the addresses that it has when it runs. Reading outside of it raises ValueError or IndexError."""

    def __init__(self, path: Path) -> None:
        self._bytes = bytearray(path.read_bytes())
        if self._bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit ELF file")
        self._sections = self._read_sections()
        self._relocate()

    def _read_sections(self) -> dict[str, _Section]:
        table, count, names = (self._u(at, form) for at, form in ((0x28, "Q"), (0x3C, "H"), (0x3E, "H")))
        rows = [struct.unpack_from("<IIQQQQIIQQ", self._bytes, table + 64 * index) for index in range(count)]
        texts = rows[names][4]
        return {self._text(texts + row[0]): _Section(row[1], row[3], row[4], row[5]) for row in rows}

    def _u(self, offset: int, form: str = "Q") -> int:
        return int(struct.unpack_from(f"<{form}", self._bytes, offset)[0])

    def _text(self, offset: int) -> str:
        return bytes(self._bytes[offset : self._bytes.index(0, offset)]).decode()

    def _offset(self, address: int) -> int:
        for section in self._sections.values():
            if section.kind != 8 and section.address and 0 <= address - section.address < section.size:
                return section.offset + address - section.address
        raise ValueError(address)

    def _relocate(self) -> None:
        """Put the addresses in that the dynamic loader would (of a library they are zero in the file)."""
        section = self._sections.get(".rela.dyn")
        if section is None:
            return
        for at in range(section.offset, section.offset + section.size, 24):
            address, kind, value = struct.unpack_from("<QQq", self._bytes, at)
            if kind & 0xFFFFFFFF == _RELATIVE:
                struct.pack_into("<q", self._bytes, self._offset(address), value)

    @cached_property
    def _region(self) -> _Section:
        return self._sections.get(".data.rel.ro") or self._sections[".rodata"]

    def _name(self, address: int) -> tuple[str, str]:
        """A name and its tags."""
        offset = self._offset(address)
        flags = self._bytes[offset]
        length, offset = self._length(offset + 1)
        name = bytes(self._bytes[offset : offset + length]).decode()
        if not flags & 2:
            return name, ""
        tagged, offset = self._length(offset + length)
        return name, bytes(self._bytes[offset : offset + tagged]).decode()

    def _length(self, offset: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = self._bytes[offset]
            offset += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value, offset

    def _fields(self, at: int) -> list[Field]:
        """Of what may be a structure at this offset. Raises ValueError when it is none."""
        address, length, capacity = struct.unpack_from("<QQQ", self._bytes, at + 56)
        region = self._region
        if length != capacity or not 0 < length < 300 or not 0 <= address - region.address < region.size:
            raise ValueError(at)
        fields = []
        for offset in range(self._offset(address), self._offset(address) + 24 * length, 24):
            name, kind = struct.unpack_from("<QQ", self._bytes, offset)
            fields.append(Field(self._name(name)[1], self._bytes[self._offset(kind) + 23] & 31 == _POINTER))
        return fields

    def _found(self) -> Iterator[tuple[int, list[Field]]]:
        region = self._region
        for at in range(region.offset, region.offset + region.size - 88, 8):
            if self._bytes[at + 23] & 31 == _STRUCT:
                try:
                    fields = self._fields(at)
                except (ValueError, IndexError, struct.error):
                    continue
                if any("protobuf:" in field.tags for field in fields):
                    yield at, fields

    def _base(self, found: list[tuple[int, list[Field]]]) -> int:
        """The address that offsets of names count from: where most of those we know by their fields would fit."""
        at_offsets = [match.start() for match in re.finditer(rb"\*v1\.DeploymentSpec\b", self._bytes)]
        specs = [at for at, fields in found if any("name=revisionHistoryLimit" in each.tags for each in fields)]
        votes: Counter[int] = Counter()
        for section in self._sections.values():
            for offset in at_offsets:
                if section.address and 0 <= offset - section.offset < section.size:
                    start = section.address + offset - section.offset - 2  # flags and length stand before
                    votes.update(start - self._u(at + 40, "i") for at in specs)
        return max(votes, key=lambda base: sum(self._fits(base, at) for at, _ in found[:300]))

    def _fits(self, base: int, at: int) -> bool:
        try:
            return bool(re.fullmatch(r"\*?\w+\.\w+", self._name(base + self._u(at + 40, "i"))[0]))
        except (ValueError, IndexError):
            return False

    def structures(self) -> dict[str, list[Field]]:
        """By import path and name: ``k8s.io/api/core/v1.PodSpec``."""
        found = list(self._found())
        base = self._base(found)
        named: dict[str, list[Field]] = {}
        for at, fields in found:
            flags = self._bytes[at + 20]
            if not (flags & _NAMED and flags & _UNCOMMON and self._fits(base, at)):
                continue
            package, _ = self._name(base + self._u(at + 80, "i"))
            name, _ = self._name(base + self._u(at + 40, "i"))
            named[f"{package}.{name.rpartition('.')[2]}"] = fields
        return named
