"""What a pod waits for, in plain words (``wherry why``).

It reads what the API tells (conditions, states of containers, events) and says what that means. Of a pod without a
node it asks the scheduler's own filters about the cluster as it is now, node by node. It changes nothing.
"""
