"""The process that keeps ``node`` running. Standard library only, run by path: nothing else of Wherry is in it.

Usage: ``supervisor.py LOCK_FD LOG NODE-ARGUMENT…`` where LOCK_FD holds the instance's lock, LOG is a file for the
standard error of all (``-`` keeps ours), and the rest is the command line of node. Node gets two more arguments: the
lock again, and a lifeline, a pipe that ends when the supervisor does: node then leaves, so that a next
``wherry up`` finds the root free.

Signals: SIGTERM and SIGINT end node and then the supervisor, containers go on; SIGUSR2 ends containers, node and
supervisor; SIGHUP is passed on. When node dies, it is started again, with growing delays while it dies young.

All signals are blocked and taken one at a time by sigtimedwait(2): there are no handlers, hence no races.
"""

import _signal as signal  # type: ignore[import-not-found]  # what signal wraps in enums, whose modules take 0.8 MB
import os
import sys
import time

FIRST_DELAY, LAST_DELAY = 0.1, 5.0
# A node that lived this long was well: the next one starts without delay.
SETTLED_SECONDS = 10.0
# What node gets to let go of everything when containers stay.
STOP_SECONDS = 15.0
# sysexits.h EX_CONFIG: starting again cannot help.
HOPELESS = 78
WATCHED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGUSR2, signal.SIGHUP)
NEVER = 1e9


class Supervisor:
    """Keeps one child running until told otherwise; :meth:`run` returns the exit status for the whole."""

    def __init__(self, command: list[str], lock: int) -> None:
        self._command = command
        self._lock = lock
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._pid = 0
        self._started = 0.0
        self._delay = 0.0
        self._next_start = 0.0
        self._ending: int | None = None
        self._tearing_down = False
        self._kill_at = NEVER

    def run(self) -> int:
        self._spawn()
        while True:
            taken = signal.sigtimedwait(WATCHED, self._patience())
            if taken is not None and taken.si_signo != signal.SIGCHLD:
                self._told(taken.si_signo)
            code = self._reap()
            if code is not None:
                if self._is_last(code):
                    return max(code, 0)
                if not self._pid:
                    self._plan_restart(code)
            elif self._ending is not None and not self._pid:
                return 0
            self._due()

    def _is_last(self, code: int) -> bool:
        """Whether that was the end. A node that died when it was to end the containers gets one successor to do it."""
        if self._ending == signal.SIGUSR2 and code and not self._tearing_down:
            self._spawn("--tear-down")
            return False
        return self._ending is not None or code == HOPELESS

    def _patience(self) -> float:
        due = self._kill_at if self._pid else self._next_start
        return max(0.0, min(due - time.monotonic(), NEVER))

    def _told(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._send(signal.SIGHUP)
            return
        tear_down = number == signal.SIGUSR2
        self._ending = number
        if self._pid:
            self._send(signal.SIGUSR2 if tear_down else signal.SIGTERM)
            self._kill_at = NEVER if tear_down else time.monotonic() + STOP_SECONDS
        elif tear_down:
            self._spawn("--tear-down")

    def _reap(self) -> int | None:
        """Exit code of node when it has ended (negative: by which signal)."""
        if not self._pid:
            return None
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return None
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def _plan_restart(self, code: int) -> None:
        lived = time.monotonic() - self._started
        self._delay = 0.0 if lived > SETTLED_SECONDS else min(max(self._delay * 2, FIRST_DELAY), LAST_DELAY)
        self._next_start = time.monotonic() + self._delay
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        say(f"node (lived {lived:.1f} s) ended {how}; starting it again in {self._delay:.1f} s")

    def _due(self) -> None:
        now = time.monotonic()
        if self._pid and now >= self._kill_at:
            say(f"node did not stop within {STOP_SECONDS:.0f} s; killing it (containers go on)")
            self._send(signal.SIGKILL)
            self._kill_at = NEVER
        if not self._pid and now >= self._next_start and self._ending is None:
            self._spawn()

    def _spawn(self, *more: str) -> None:
        self._started = time.monotonic()
        self._tearing_down = bool(more)
        for descriptor in (self._lifeline_read, self._lock):
            os.set_inheritable(descriptor, True)
        self._pid = os.posix_spawn(
            self._command[0],
            [*self._command, f"--lock-fd={self._lock}", f"--lifeline-fd={self._lifeline_read}", *more],
            os.environ,
            setpgroup=0,  # a terminal's interrupt is ours to pass on, not for every process at once
            setsigmask=[],
        )

    def _send(self, number: int) -> None:
        if self._pid:
            os.kill(self._pid, number)


def say(text: str) -> None:
    os.write(2, f"wherry supervisor: {text}\n".encode())


def main() -> int:
    lock, log, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    if log != "-":
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.close(descriptor)
    return Supervisor(command, lock).run()


if __name__ == "__main__":
    sys.exit(main())
