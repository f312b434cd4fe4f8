"""Somebody who asks a page without a pause."""

import threading
import time
import urllib.request
from collections import Counter

PAUSE_SECONDS, PATIENCE_SECONDS = 0.003, 30.0


class Load:
    """Asks while it is entered; then ``answers`` says how often each was given, ``failures`` what went wrong."""

    def __init__(self, url: str, clients: int = 3) -> None:
        self.answers: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._url = url
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                with urllib.request.urlopen(self._url, timeout=PATIENCE_SECONDS) as response:
                    self.answers[response.read().decode().strip()] += 1
            except OSError as error:
                self.failures[str(error)] += 1
            time.sleep(PAUSE_SECONDS)

    def counted(self, ending: str) -> int:
        """Answers that end so."""
        return sum(count for answer, count in self.answers.copy().items() if answer.endswith(ending))

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
