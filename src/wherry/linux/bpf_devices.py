"""Device rules of cgroup version 2: a BPF program that the kernel asks at every open and mknod of a device.

(bpf(2); Documentation/bpf/instruction-set.rst; cgroup-v2.rst, "Device controller"; include/uapi/linux/bpf.h for all
numbers.) A program is checked by the kernel when it is loaded, and lives as long as the cgroup it is attached to.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from errno import EINVAL

from wherry.linux.devicerules import Key, Rule, resolve
from wherry.linux.errors import KernelError
from wherry.linux.syscalls import call

_PROG_LOAD, _PROG_ATTACH, _PROG_DETACH, _PROG_GET_FD_BY_ID, _PROG_QUERY = 5, 8, 9, 13, 16
_TYPE_CGROUP_DEVICE, _ATTACH_CGROUP_DEVICE = 15, 6
# Several programs may be attached, each of which must agree: systemd in a container attaches some of its own below.
_ALLOW_MULTI, _REPLACE = 2, 4
_MOST_ATTACHED = 64  # BPF_CGROUP_MAX_PROGS

_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL_ACCESS = 7
_KIND = {"b": 1, "c": 2}

# Instruction codes: class, source or size, operation.
_LOAD_WORD, _MOVE, _MOVE_NUMBER, _AND_NUMBER, _SHIFT_RIGHT_NUMBER = 0x61, 0xBF, 0xB7, 0x57, 0x77
_JUMP, _JUMP_UNLESS_EQUAL, _JUMP_IF_ANY_BIT, _EXIT = 0x05, 0x55, 0x45, 0x95
_RESULT, _CONTEXT, _KIND_IS, _ACCESS_IS, _MAJOR_IS, _MINOR_IS = 0, 1, 2, 3, 4, 5


def compile_rules(rules: Iterable[Rule]) -> bytes:
    """The program (array of struct bpf_insn) that allows what OCI device rules allow.

    As in version 1, what one exception to a denying default does not allow in full is denied, and what touches an
    exception to an allowing default is denied.
    """
    allow, exceptions = resolve(rules)
    program = [
        # struct bpf_cgroup_dev_ctx: access << 16 | kind, major, minor
        _instruction(_LOAD_WORD, _KIND_IS, _CONTEXT, 0),
        _instruction(_LOAD_WORD, _MAJOR_IS, _CONTEXT, 4),
        _instruction(_LOAD_WORD, _MINOR_IS, _CONTEXT, 8),
        _instruction(_MOVE, _ACCESS_IS, _KIND_IS),
        _instruction(_SHIFT_RIGHT_NUMBER, _ACCESS_IS, number=16),
        _instruction(_AND_NUMBER, _KIND_IS, number=0xFFFF),
    ]
    for key, access in exceptions.items():
        program += _exception(key, sum(_ACCESS[letter] for letter in access), allow)
    return b"".join([*program, *_answer(allow)])


def attach(cgroup: int, program: bytes) -> None:
    """Make a program the one of the cgroup of the descriptor, in place of those attached before. At no moment is the
    cgroup without one."""
    loaded = _load(program)
    try:
        before = _attached(cgroup)
        if len(before) == 1 and _replace(cgroup, loaded, before[0]):
            return
        _bpf(
            _PROG_ATTACH,
            struct.pack("IIII", cgroup, loaded, _ATTACH_CGROUP_DEVICE, _ALLOW_MULTI),
            "attach device program",
        )
        for number in before:
            _detach(cgroup, number)
    finally:
        os.close(loaded)


def _exception(key: Key, access: int, allow: bool) -> list[bytes]:
    kind, major, minor = key
    tests = [(_JUMP_UNLESS_EQUAL, _KIND_IS, _KIND[kind])]
    tests += [
        (_JUMP_UNLESS_EQUAL, register, int(value))
        for register, value in ((_MAJOR_IS, major), (_MINOR_IS, minor))
        if value != "*"
    ]
    if not allow and access != _ALL_ACCESS:
        tests.append((_JUMP_IF_ANY_BIT, _ACCESS_IS, _ALL_ACCESS & ~access))
    partial = allow and access != _ALL_ACCESS
    size = len(tests) + 2 * partial + 2
    code = [
        _instruction(name, register, offset=size - 1 - at, number=number)
        for at, (name, register, number) in enumerate(tests)
    ]
    if partial:  # no bit of it: on to the next exception, past the answer
        code += [_instruction(_JUMP_IF_ANY_BIT, _ACCESS_IS, offset=1, number=access), _instruction(_JUMP, 0, offset=2)]
    return code + _answer(not allow)


def _answer(allow: bool) -> list[bytes]:
    return [_instruction(_MOVE_NUMBER, _RESULT, number=int(allow)), _instruction(_EXIT, 0)]


def _instruction(code: int, to: int, source: int = 0, offset: int = 0, number: int = 0) -> bytes:
    return struct.pack("=BBhi", code, to | source << 4, offset, number)


def _load(program: bytes) -> int:
    code, licence = ctypes.create_string_buffer(program, len(program)), ctypes.create_string_buffer(b"Apache-2.0")
    attributes = struct.pack(
        "IIQQ", _TYPE_CGROUP_DEVICE, len(program) // 8, ctypes.addressof(code), ctypes.addressof(licence)
    )
    return _bpf(_PROG_LOAD, attributes, "load device program")


def _attached(cgroup: int) -> list[int]:
    """Ids of the programs attached to this very cgroup."""
    numbers = (ctypes.c_uint32 * _MOST_ATTACHED)()
    attributes = struct.pack("IIIIQI", cgroup, _ATTACH_CGROUP_DEVICE, 0, 0, ctypes.addressof(numbers), _MOST_ATTACHED)
    buffer = ctypes.create_string_buffer(attributes + bytes(20), len(attributes) + 20)
    call("bpf", "list device programs", None, _PROG_QUERY, buffer, len(buffer))
    return list(numbers[: struct.unpack_from("I", buffer, 24)[0]])


def _replace(cgroup: int, loaded: int, before: int) -> bool:
    """At once, where the kernel can (Linux 5.6)."""
    old = _open(before)
    try:
        attributes = struct.pack("IIIII", cgroup, loaded, _ATTACH_CGROUP_DEVICE, _ALLOW_MULTI | _REPLACE, old)
        _bpf(_PROG_ATTACH, attributes, "replace device program")
    except KernelError as error:
        if error.errno != EINVAL:
            raise
        return False
    finally:
        os.close(old)
    return True


def _detach(cgroup: int, number: int) -> None:
    old = _open(number)
    try:
        _bpf(_PROG_DETACH, struct.pack("III", cgroup, old, _ATTACH_CGROUP_DEVICE), "detach device program")
    finally:
        os.close(old)


def _open(number: int) -> int:
    return _bpf(_PROG_GET_FD_BY_ID, struct.pack("III", number, 0, 0), "open device program")


def _bpf(command: int, attributes: bytes, step: str) -> int:
    """bpf(2). The kernel takes attributes of any size whose unknown rest is zero; descriptors are close-on-exec."""
    buffer = ctypes.create_string_buffer(attributes + bytes(128 - len(attributes)), 128)
    return call("bpf", step, None, command, buffer, 128)
