"""Schemas: what is in an object, for built-in kinds and custom ones alike.

One node type, :class:`wherry.kube.machinery.schema.model.Schema`, is read by everything that must know what a field
is: structural validation, unknown fields, defaulting, pruning, strategic merge, server-side apply, ``explain``.
Built-in kinds' schemas come from the OpenAPI definitions that the build puts into ``data/`` (see ``hatch_build.py``);
a custom resource brings its own.
"""
