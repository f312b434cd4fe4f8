"""Programs that run inside of containers, by the interpreter that :mod:`tests.kernel.attacks` puts there."""
