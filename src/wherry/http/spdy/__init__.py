"""SPDY/3.1, as far as Kubernetes' clients speak it: many streams over one connection.

:mod:`.frames` and :mod:`.headers` have the wire's form, :mod:`.connection` what a peer may do (pure: bytes in, events
out), :mod:`.session` streams to read and write. Source: SPDY Protocol Draft 3.1 (The Chromium Projects).

What it is not: an HTTP server over SPDY. Streams here are pipes with a few headers; there is no pushing and no
priority.

Invariants: memory is bounded, whatever a peer sends and however little it reads. A peer that breaks the rules gets
GOAWAY and is let go; a stream that breaks them is reset alone. Header blocks are read even of streams that are
refused: the compression's state is the connection's.

Windows: the Go library behind kubectl (moby/spdystream) neither counts them nor opens them. So ours bind a peer that
has shown that it counts (SETTINGS or WINDOW_UPDATE), and what keeps any other from sending too much is that nothing
more is read from it.
"""
