"""The Docker Engine API: one module a resource, over narrow Protocols of the engine.

What it is not: it decides nothing about containers, images or networks; it reads requests, asks the engine, and gives
the answer the form that the client's API version expects.

The life of a request: :mod:`.app` strips the version from the path and finds the endpoint; the endpoint's method reads
typed parameters from its :class:`~wherry.dockerapi.call.Call`, asks the engine, and answers; :mod:`.errors` gives every
refusal Docker's status and ``{"message": …}``. To add an endpoint, decorate a method of its resource's class with
:func:`~wherry.dockerapi.endpoint.endpoint` and delete its line in :mod:`.unavailable`.

Source of paths, parameters, statuses and bodies: Docker Engine API reference, versions 1.24 to 1.51
(https://docs.docker.com/reference/api/engine/), and what the docker CLI and docker-py were recorded to send and expect.
"""
