"""The one place where the command line writes text that others may have chosen: names, statuses, events, errors.

A terminal obeys what such a text has in it. An image's label, a pod's event or a daemon's message could hide lines,
set the window's title, or type into some terminals (CVE-2021-25743), so what controls a terminal is shown, never sent.
Streams of containers (``logs``, ``attach``, ``exec``, the output of a build) are no such text: they go through as they
are, as docker's do, and do not come here.
"""

import click

# C0 as a terminal would echo them (^[); of these JSON has none, it writes \u001b itself. DEL and C1 as JSON may write
# them, so that what is read by a program stays JSON. U+2028 and others end lines nowhere but in JavaScript.
_NEWLINE, _TAB, _DELETE, _C1 = 0x0A, 0x09, 0x7F, range(0x80, 0xA0)
_SHOWN = {code: f"^{chr(code + 0x40)}" for code in range(0x20) if code not in (_NEWLINE, _TAB)}
_SHOWN |= {code: f"\\u{code:04x}" for code in (_DELETE, *_C1)}


def say(text: object, *, nl: bool = True, err: bool = False) -> None:
    """Print a text, escaped; ``nl``: with a newline after it; ``err``: on standard error."""
    click.echo(escaped(str(text)), nl=nl, err=err)  # noqa: TID251 (this is the place)


def escaped(text: str) -> str:
    """With each control character but newline and tab in a form that a terminal only shows. Idempotent."""
    return text.translate(_SHOWN)
