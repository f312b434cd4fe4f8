"""Admission: the rules that writes pass after they are authorized and before they are stored.

A plugin first may fill in (``admit``, all plugins in order), then may refuse (``validate``, all again, on the object as
it will be stored). :mod:`.every` has the order. Most know at once: only who has to wait returns something to wait for.
Plugins read other objects from caches; who must not act on yesterday's
state asks the store as well (:class:`.plugin.Live`). Webhooks and policies are not built.
"""
