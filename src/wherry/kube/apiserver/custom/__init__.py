"""Custom resources: the kinds that CustomResourceDefinitions define.

:func:`.kinds.kind_of` makes of a definition a :class:`wherry.kube.kinds.model.Kind`, which is served as a built-in one
is. It is *not* a controller: who watches definitions, adds and removes kinds and deletes the objects of a definition
that goes is the server. What is not there yet: conversion by webhooks, and rules in CEL.
"""
