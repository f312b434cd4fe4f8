"""Make system calls, each in a child of its own, and print how each ended.

Argument: JSON, a list of [abi, number, [arguments]] (abi: native or i386). Prints the same number of outcomes: an
errno, 0 for success, or "signal N" for what killed the child (9: the call went on for too long).
"""

import ctypes
import json
import mmap
import os
import signal
import sys

SUCCESS = 200
PATIENCE_SECONDS = (0.5, 3.0)  # the second when the first did not do: this machine may have much else to do

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

# f(number, a, b, c): the other three arguments are -1.
INT_80 = bytes.fromhex(
    "53"  # push rbx
    "89f8"  # mov eax, edi
    "89f3"  # mov ebx, esi
    "87d1"  # xchg ecx, edx
    "beffffffff"  # mov esi, -1
    "bfffffffff"  # mov edi, -1
    "cd80"  # int 0x80
    "5b"  # pop rbx
    "c3"  # ret
)


def i386(number, arguments):
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(INT_80)
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    function = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint] * 4)(address)
    first = [value & 0xFFFFFFFF for value in (*arguments, -1, -1, -1)[:3]]
    result = function(number, *first)
    return -result if -4096 < result < 0 else 0


def native(number, arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(value & (1 << 64) - 1) for value in arguments])
    return ctypes.get_errno() if result == -1 else 0


def outcome(abi, number, arguments):
    for seconds in PATIENCE_SECONDS:
        found = outcome_within(seconds, abi, number, arguments)
        if found != f"signal {int(signal.SIGKILL)}":
            break
    return found


def outcome_within(seconds, abi, number, arguments):
    pid = os.fork()
    if pid == 0:
        me = os.getpid()
        error = (i386 if abi == "i386" else native)(number, arguments)
        os._exit(error or SUCCESS if os.getpid() == me else 0)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    if status < 0:
        return f"signal {-status}"
    return 0 if status in (SUCCESS, 255) else status


print(json.dumps([outcome(*call) for call in json.loads(sys.argv[1])]))
