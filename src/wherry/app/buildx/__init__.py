"""``docker-buildx``, a plugin of the docker command: ``docker build``, ``buildx build`` and ``buildx bake`` build with
the engine's own builder, so secrets, named contexts and agents work, and compose builds with it.

The docker command calls a plugin as ``docker-buildx buildx VERB …``, compose as ``docker-buildx VERB …``; both ask for
``docker-cli-plugin-metadata`` first (docker/cli, cli-plugins/metadata).
"""

import json
import os
import sys
from typing import NoReturn

from wherry import __version__

METADATA = {
    "SchemaVersion": "0.1.0",
    "Vendor": "Wherry",
    "Version": f"v0.30.1+wherry.{__version__}",
    "ShortDescription": "Docker Buildx, by Wherry's builder",
    "URL": "",
}
"""The version is one whose options compose may use (it asks for at least 0.17)."""


def main() -> NoReturn:
    """Run the command line given to this process."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["docker-cli-plugin-metadata"]:
        print(json.dumps(METADATA))
        sys.exit(0)
    from wherry.app.buildx.commands import run

    run(arguments[1:] if arguments[:1] == ["buildx"] else arguments, os.environ)
