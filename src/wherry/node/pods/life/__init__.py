"""A pod's life: what is, what should be, and the next steps from one to the other.

:mod:`.running` and :mod:`.ending` decide, purely, from :class:`.model.Facts`; :mod:`.worker` gathers these and has the
steps done, each as a job that may take its time and may be given up at any moment.

Invariants. A step that is under way is not begun again. What was given up half-way is seen in the runtime and gone on
with, or undone. A pod that has begun to end never runs anything again.
"""
