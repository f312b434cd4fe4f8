"""Read what /proc shows of every other process, until /stop exists; then print all that was ever seen.

{"links": […], "texts": […], "maps": […], "processes": count}: targets of fd/*, exe, cwd and root; items of cmdline and
environ; the names in maps; how many there were.
"""

import json
import os

me = os.getpid()
links, texts, maps, processes = set(), set(), set(), set()


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def look(pid):
    base = f"/proc/{pid}"
    try:
        descriptors = [f"fd/{name}" for name in os.listdir(f"{base}/fd")]
    except OSError:
        descriptors = []
    for name in ("exe", "cwd", "root", *descriptors):
        try:
            links.add(os.readlink(f"{base}/{name}"))
        except OSError:
            pass
    for name in ("cmdline", "environ"):
        texts.update(read(f"{base}/{name}").split("\0"))
    maps.update(line[73:] for line in read(f"{base}/maps").splitlines() if line[73:])  # the name's column (proc(5))


print("watching", flush=True)
while not os.path.exists("/stop"):
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != me:
            processes.add(name)
            look(name)
found = {"links": links, "texts": texts, "maps": maps}
print(json.dumps({name: sorted(values) for name, values in found.items()} | {"processes": len(processes)}))
