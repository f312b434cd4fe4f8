"""Docker's small grammars of flags, as pure functions: a text in, the piece of the API's JSON out.

Each raises ``ValueError`` saying what is wrong, in docker's words where docker has some. Sources: docker/cli
``opts/`` and ``cli/command/container/opts.go``, docker/go-units, docker/go-connections ``nat``.
"""
