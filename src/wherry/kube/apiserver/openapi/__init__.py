"""OpenAPI documents of everything that is served: version 3 (one a group version), version 2 (one, also as protobuf).

Made from the kinds and upstream's definitions, when somebody asks. kubectl explains and validates by them: it reads the
schemas, and from ``paths`` whether a kind's PATCH takes ``dryRun`` and ``fieldValidation``. What is written here is for
programs; descriptions of parameters and operations are short.
"""
