"""What every kind shares: objects, names, selectors, quantities, schemas, patches, field errors, ``Status``.

All of it is pure: no I/O but reading the package's own data files; time, ids and randomness are arguments.
"""
