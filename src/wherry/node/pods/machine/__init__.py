"""The node as the API has it: its Node object, the Lease that says it lives, conditions, and what is done under
pressure.

:mod:`.nodes`, :mod:`.conditions`, :mod:`.thresholds` and :mod:`.ranking` are pure; :mod:`.facts` reads the machine;
:mod:`.keeping` tells the API; :mod:`.evicting` measures and ends pods.
"""
