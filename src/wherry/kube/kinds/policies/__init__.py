"""What admission policies and their bindings share: parameters, matching, variables.

Expressions (CEL) are kept and not looked at, but for their being there.
"""

NOT_ENFORCED = "this server keeps admission policies but does not enforce them yet"
