"""The Dockerfile language: text in, typed instructions out. Pure: no I/O, no time, no machine.

The language is what BuildKit's frontend reads (docker/dockerfile 1.x; https://docs.docker.com/reference/dockerfile/),
and errors have its words, because people and programs look for them.

What it is not: it builds nothing and knows no images. ``engine.build`` executes what is described here, and
``engine.images`` applies the same instructions to a configuration (``docker import --change``); both stand above this
package, which is why it is not a part of either.
"""
