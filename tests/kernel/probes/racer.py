"""Exchange two names for each other, as fast as possible, until killed: the arguments, in pairs.

Now and then, what others have made below either name is removed: the directories NEW/DEEP and NEW, and the file MADE.
"""

import ctypes
import os
import sys

AT_FDCWD, RENAME_EXCHANGE = -100, 2
libc = ctypes.CDLL(None, use_errno=True)


def remove(name):
    for path, call in (("new/deep", os.rmdir), ("new", os.rmdir), ("made", os.unlink)):
        try:
            call(f"{name}/{path}")
        except OSError:
            pass


pairs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
print("racing", flush=True)
while True:
    for one, other in pairs:
        for _ in range(50):
            if libc.renameat2(AT_FDCWD, one.encode(), AT_FDCWD, other.encode(), RENAME_EXCHANGE) != 0:
                sys.exit(f"renameat2: errno {ctypes.get_errno()}")
        if not os.path.islink(one):
            remove(one)
