"""Files of a container from outside: looked at, copied out and in as tar archives, compared with its image.

What it is not: it knows no containers. It works on a descriptor of a tree's root (a container's own, by way of /proc,
or a view of its layers), and keeps every path inside: paths are resolved by openat2(2) with that root, and what they
lead to is used by descriptor, because whoever owns the tree may exchange any name for another at any moment
(CVE-2018-15664, CVE-2026-41568). Nothing in it is executed or loaded, and decompression is this process's own affair
(CVE-2019-14271, CVE-2026-41567).
"""
