"""The process that keeps ``node`` and ``control`` running. Standard library only, run by path: nothing else of Wherry
is in it.

Usage: ``supervisor.py LOCK_FD LOG NODE-ARGUMENT… [-- CONTROL-ARGUMENT…]`` where LOCK_FD holds the instance's lock, LOG
is a file for the standard error of all (``-`` keeps ours), and the rest are the command lines of node and control. Both
get two more arguments: the lock again, and a lifeline, a pipe that ends when the supervisor does: they then leave, so
that a next ``wherry up`` finds the root free.

Signals: SIGTERM and SIGINT end both and then the supervisor, containers go on; SIGUSR2 ends containers, node, then
control (pods may have to tell it of their end), and the supervisor; SIGHUP is passed on. When one of them dies, it is
started again, with growing delays while it dies young; the other goes on.

All signals are blocked and taken one at a time by sigtimedwait(2): there are no handlers, hence no races.
"""

import _signal as signal  # type: ignore[import-not-found]  # what signal wraps in enums, whose modules take 0.8 MB
import os
import sys
import time

FIRST_DELAY, LAST_DELAY = 0.1, 5.0
# Who lived this long was well: the next one starts without delay.
SETTLED_SECONDS = 10.0
# What they get to let go of everything when containers stay.
STOP_SECONDS = 15.0
# sysexits.h EX_CONFIG: starting again cannot help.
HOPELESS = 78
WATCHED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGUSR2, signal.SIGHUP)
NEVER = 1e9


class Child:
    """One of the processes that are kept running."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.command = command
        self.pid = 0
        self.started = 0.0
        self.delay = 0.0
        self.next_start = 0.0
        self.kill_at = NEVER
        self.tearing_down = False

    def spawn(self, arguments: list[str], *more: str) -> None:
        self.started = time.monotonic()
        self.tearing_down = bool(more)
        self.pid = os.posix_spawn(
            self.command[0],
            [*self.command, *arguments, *more],
            os.environ,
            setpgroup=0,  # a terminal's interrupt is ours to pass on, not for every process at once
            setsigmask=[],
        )

    def send(self, number: int) -> None:
        if self.pid:
            os.kill(self.pid, number)

    def plan_restart(self, code: int) -> None:
        lived = time.monotonic() - self.started
        self.delay = 0.0 if lived > SETTLED_SECONDS else min(max(self.delay * 2, FIRST_DELAY), LAST_DELAY)
        self.next_start = time.monotonic() + self.delay
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        say(f"{self.name} (lived {lived:.1f} s) ended {how}; starting it again in {self.delay:.1f} s")


class Supervisor:
    """Keeps its children running until told otherwise; :meth:`run` returns the exit status for the whole."""

    def __init__(self, node: list[str], control: list[str], lock: int) -> None:
        self._node = Child("node", node)
        self._children = [self._node, Child("control", control)] if control else [self._node]
        self._lock = lock
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._ending: int | None = None
        self._status = 0

    def run(self) -> int:
        for descriptor in (self._lifeline_read, self._lock):
            os.set_inheritable(descriptor, True)
        for child in self._children:
            self._spawn(child)
        while True:
            taken = signal.sigtimedwait(WATCHED, self._patience())
            if taken is not None and taken.si_signo != signal.SIGCHLD:
                self._told(taken.si_signo)
            for child in self._children:
                code = self._reap(child)
                if code is not None:
                    self._ended(child, code)
            if self._ending is not None and not any(child.pid for child in self._children):
                return self._status
            self._due()

    def _ended(self, child: Child, code: int) -> None:
        """A node that died when it was to end the containers gets one successor to do it."""
        if self._ending is None and code == HOPELESS:
            self._status = code
            self._told(signal.SIGTERM)
        elif self._ending is None:
            child.plan_restart(code)
        elif child is self._node and self._ending == signal.SIGUSR2 and code and not child.tearing_down:
            self._spawn(child, "--tear-down")
        elif child is self._node:
            self._status = self._status or max(code, 0)
            for other in self._children:
                self._end(other)

    def _patience(self) -> float:
        due = min(child.kill_at if child.pid else child.next_start for child in self._children)
        if self._ending is not None:
            due = min((child.kill_at for child in self._children if child.pid), default=0.0)
        return max(0.0, min(due - time.monotonic(), NEVER))

    def _told(self, number: int) -> None:
        if number == signal.SIGHUP:
            for child in self._children:
                child.send(signal.SIGHUP)
            return
        self._ending = number
        if number != signal.SIGUSR2:
            for child in self._children:
                self._end(child)
        elif self._node.pid:
            self._node.send(signal.SIGUSR2)
            self._node.kill_at = NEVER
        else:
            self._spawn(self._node, "--tear-down")

    def _end(self, child: Child) -> None:
        if child.pid and child.kill_at == NEVER:
            child.send(signal.SIGTERM)
            child.kill_at = time.monotonic() + STOP_SECONDS

    def _reap(self, child: Child) -> int | None:
        """Exit code of a child when it has ended (negative: by which signal)."""
        if not child.pid:
            return None
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return None
        child.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.pid and now >= child.kill_at:
                say(f"{child.name} did not stop within {STOP_SECONDS:.0f} s; killing it (containers go on)")
                child.send(signal.SIGKILL)
                child.kill_at = NEVER
            if not child.pid and now >= child.next_start and self._ending is None:
                self._spawn(child)

    def _spawn(self, child: Child, *more: str) -> None:
        child.spawn([f"--lock-fd={self._lock}", f"--lifeline-fd={self._lifeline_read}"], *more)


def say(text: str) -> None:
    os.write(2, f"wherry supervisor: {text}\n".encode())


def main() -> int:
    lock, log, words = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    split = words.index("--") if "--" in words else len(words)
    node, control = words[:split], words[split + 1 :]
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    if log != "-":
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.close(descriptor)
    return Supervisor(node, control, lock).run()


if __name__ == "__main__":
    sys.exit(main())
