"""``underload.py URL COMMAND…``: run a command while somebody asks the URL without a pause, and say how they fared."""

import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter

CLIENTS, PAUSE_SECONDS, AFTERWARDS_SECONDS, PATIENCE_SECONDS = 3, 0.005, 1.0, 5.0


def main(url: str, *command: str) -> int:
    """The command's exit status; 1 if a request failed."""
    answers: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
                    answers[response.read().decode().strip().rpartition(", ")[2]] += 1
            except OSError as error:
                failures[str(error)] += 1
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    done = subprocess.run(command, check=False)
    time.sleep(AFTERWARDS_SECONDS)
    ended.set()
    for thread in threads:
        thread.join()
    by_answer = "; ".join(f"{count} by {answer}" for answer, count in sorted(answers.items()))
    print(f"{answers.total()} requests answered ({by_answer}), {failures.total()} failed")
    for reason, count in failures.items():
        print(f"  {count} times: {reason}")
    return done.returncode or bool(failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
