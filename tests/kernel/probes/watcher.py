"""Read what /proc shows of every other process, until /stop exists; then print all that was ever seen.

{"links": […], "texts": […], "processes": count}: targets of fd/*, exe, cwd and root; items of cmdline and environ, and
the files in maps.
"""

import json
import os

me = os.getpid()
links, texts, processes = set(), set(), set()


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
    texts.update(line.split(None, 5)[5].strip() for line in read(f"{base}/maps").splitlines() if line.count(" ") > 4)


print("watching", flush=True)
while not os.path.exists("/stop"):
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != me:
            processes.add(name)
            look(name)
print(json.dumps({"links": sorted(links), "texts": sorted(texts), "processes": len(processes)}))
