"""The scheduler: which node each pod gets.

A pod without a node is decided about when its turn comes: **filters** say where it fits, **scores** where it fits
best, and where it fits nowhere, **preemption** who less important would have to go. What is decided is *assumed* at
once, so that the next decision counts with it, and then bound: told to the API. What was refused waits until something
happens that may help (:mod:`.hints`), and the pod's condition and an event say why, in upstream's words.

Filters and scores are upstream's plugins of the default profile. What one finds out is of one of two sorts. Of *a node
alone* (:mod:`.standing`, :mod:`.resources`): true for every pod of a shape until that node changes, and remembered
(:mod:`.fitting`). Of *the whole cluster* (:mod:`.spreading`, :mod:`.neighbours`) or of the pod's own volumes
(:mod:`.volumes`): prepared for each decision, from running counts.

Decisions are pure (:mod:`.plan`): pod, facts, profile and chance in, a decision out. The facts (:mod:`.cluster` and its
neighbours) are running counts, kept by being told of each change (:mod:`.watching`). Effects are in :mod:`.binding`,
:mod:`.telling` and :mod:`.evicting`; :mod:`.scheduler` is the loop.

It is **not** who provisions volumes, allocates devices (pods with ``resourceClaims`` are refused, and told so), places
groups of pods at once (``schedulingGroup``: the same), or runs anything.

Invariants: a pod is placed by one decision at a time, and only where every filter of its profile lets it, with all that
was assumed counted; nothing here depends on what is remembered, so a restart begins with what the API says.
"""
