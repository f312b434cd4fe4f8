"""Inputs that several suites share, with what is expected of them."""
