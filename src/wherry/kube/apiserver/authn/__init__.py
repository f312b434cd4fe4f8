"""Who asks.

A request says so by a client certificate (:mod:`.certificates`) or by a bearer token: of a service account
(:mod:`.tokens`), or one to join by (:mod:`.bootstrap`). :mod:`.union` asks them all. Who says nothing is nobody, but
for a few paths (:mod:`.anonymous`). Tokens are made by :mod:`.issuing`; :mod:`.discovery` is for who checks them
elsewhere.

Whoever brings something that is not right is turned away: nothing falls back to a lesser identity. No token makes
anybody a member of ``system:masters``.
"""
