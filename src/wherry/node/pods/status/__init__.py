"""What the API is told of a pod: phase, conditions, containers, in the kubelet's words.

Pure: from the facts that the plan is made from, and from what the API was told before.
"""
