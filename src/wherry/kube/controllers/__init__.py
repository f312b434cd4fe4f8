"""Controllers: of what the API itself needs (garbage, namespaces, accounts, quotas, certificates), and of workloads.

Each makes the cluster what its objects say, again and again: :mod:`.frame` has what they share, :mod:`.every` the list
of the former, :mod:`.workloads` that of the latter, with :mod:`.podcontrol` and :mod:`.history` as their shared rooms.
Decisions are pure (``plan.py``, or functions beside the controller); a controller fetches facts, plans, and acts by the
API alone, as one client among others. It is *not* here what runs containers.

Invariant: whatever a controller does can be done twice, and stopped after any step; the next look goes on from there.
"""
