"""Building images from Dockerfiles. The language itself is ``engine.dockerfile``."""
