"""Command line, configuration, wiring, supervisor: the only package that knows everything."""
