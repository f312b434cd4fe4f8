"""What failed beside others, once more and alone: ``again.py CACHE…``, the lanes' directories of pytest's cache.

The lanes of ``./test`` share a machine that may have two processors, and some tests are about moments. One that passes
alone has found a race, of its own or of Wherry's: it is told by name, to be mended, and does not hold up the rest.
Ends with 1 when one fails again, or more failed than chance makes.
"""

import json
import subprocess
import sys
from pathlib import Path

MOST = 5


def failed(caches: list[Path]) -> list[str]:
    """The tests, by their ids."""
    files = [cache / "v/cache/lastfailed" for cache in caches]
    return [test for file in files if file.exists() for test in json.loads(file.read_text())]


def main(caches: list[Path]) -> int:
    tests = failed(caches)
    if not tests:
        print("no test is known to have failed: what went wrong is told above")
        return 1
    if len(tests) > MOST:
        print(f"{len(tests)} tests failed: more than chance makes, so none is tried again")
        return 1
    print(f"{len(tests)} failed beside the others; once more, alone:", *tests, sep="\n  ", flush=True)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], check=False
    ).returncode
    if code:
        return 1
    print("RACES, to be mended: these failed beside the others, and passed alone:", *tests, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(each) for each in sys.argv[1:]]))
