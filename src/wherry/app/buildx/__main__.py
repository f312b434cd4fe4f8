"""``python -m wherry.app.buildx``: what the installed script runs."""

from wherry.app.buildx import main

main()
