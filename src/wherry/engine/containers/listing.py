"""Containers as Docker's clients see them: lists, inspections, sizes."""

import stat
from collections.abc import Sequence
from typing import Any

from wherry.engine.containers import memberships, views
from wherry.engine.containers.execs import Execs
from wherry.engine.containers.filters import Filters, Matcher
from wherry.engine.containers.model import EndpointSettings
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.networks.model import Attached, PortBinding
from wherry.kit.durations import parse_moment
from wherry.kit.errors import Invalid, NotFound
from wherry.linux.trees import statuses

_SHOW_ALL = {"status", "exited", "before", "since"}  # filters that are about containers that do not run, too


class Listing:
    def __init__(self, around: Surroundings, execs: Execs) -> None:
        self._around = around
        self._execs = execs
        self._matcher = Matcher(around.registry.get, self._descends, self._ports, self._is_on)

    def summaries(
        self, filters: Filters, *, everything: bool = False, limit: int = 0, size: bool = False
    ) -> list[dict[str, Any]]:
        """The newest first; only running ones unless ``everything``, a limit or a filter ask for others too."""
        matches = self._matcher.predicate(filters)
        everything = everything or limit > 0 or not _SHOW_ALL.isdisjoint(filters)
        found = [one for one in self._around.registry if (everything or one.is_active) and matches(one)]
        found.sort(key=lambda one: one.created, reverse=True)
        return [self._summary(one) | (self.sizes(one) if size else {}) for one in found[: limit or None]]

    def _summary(self, container: Container) -> dict[str, Any]:
        around = self._around
        document = views.summary(
            container,
            self._places(container),
            self._published(container),
            around.now(),
        )
        return document | {"Image": self._image_shown(container)}

    def inspect(self, container: Container, size: bool = False) -> dict[str, Any]:
        around = self._around
        document = views.inspect(
            container,
            views.Around(
                around.directory(container),
                self._places(container),
                self._published(container),
                self._execs.of(container),
            ),
        )
        return document | (self.sizes(container) if size else {})

    def prunable(self, filters: Filters) -> list[Container]:
        """Those that do not run and match; ``until`` is about when they were created. None of a pod that there is."""
        matches = self._matcher.predicate({name: values for name, values in filters.items() if name != "until"})
        until = filters.get("until", ())
        if len(until) > 1:
            raise Invalid("more than one until filter specified")
        limit = parse_moment(until[0], self._around.now()) if until else None
        return [
            one
            for one in self._around.registry
            if not one.is_active
            and matches(one)
            and (limit is None or one.created < limit)
            and not (one.pod is not None and self._around.sandboxes.exists(one.pod.sandbox))
        ]

    def sizes(self, container: Container) -> dict[str, int]:
        """What the container has written, and that with its image."""
        files = statuses(self._around.directory(container) / "upper")
        own = sum(status.st_size for status in files if not stat.S_ISDIR(status.st_mode))
        return {"SizeRw": own, "SizeRootFs": own + self._around.images.held(container.image).size_bytes}

    def _ports(self, container: Container) -> list[dict[str, Any]]:
        return views.listed_ports(container, self._published(container))

    def _published(self, container: Container) -> Sequence[PortBinding]:
        return [one.binding() for one in self._around.networks.publications(container.id)]

    def _places(self, container: Container) -> list[views.Place]:
        networks = self._around.networks
        mode = views.network_mode(container)
        if mode.startswith("container:"):
            return []
        if memberships.is_alone(container.host):
            return [views.Place(mode, networks.get(mode).id)]
        there = {one.endpoint.network_name: one for one in networks.places(container.id)}
        return [
            self._place(container, name, settings, there.get(name))
            for name, settings in memberships.of(container).items()
        ]

    def _place(
        self, container: Container, name: str, settings: EndpointSettings, attached: Attached | None
    ) -> views.Place:
        endpoint = attached.endpoint if attached else None
        if name == memberships.DEFAULT:
            return views.Place(name, self._around.networks.get(name).id, endpoint, settings)
        names = [container.name, *memberships.aliases(container.id, container.config, settings)]
        return views.Place(name, self._id_of(name), endpoint, settings, list(dict.fromkeys(names)))

    def _id_of(self, name: str) -> str:
        """Empty for one that has been removed meanwhile."""
        try:
            return self._around.networks.get(name).id
        except NotFound:
            return ""

    def _image_shown(self, container: Container) -> str:
        """The name it was made from, or the image's id once that name means another image or none (moby, list.go)."""
        try:
            if self._around.images.get(container.image_name).id == container.image:
                return container.image_name
        except (NotFound, Invalid):
            pass
        return container.image

    def _is_on(self, container: Container, network: str) -> bool:
        return any(network in (place.name, place.network_id) for place in self._places(container))

    def _descends(self, image: str, ancestor: str) -> bool:
        try:
            wanted = self._around.images.get(ancestor)
            mine = self._around.images.held(image)
        except (NotFound, Invalid):
            return False
        return mine.chain_ids[: len(wanted.chain_ids)] == wanted.chain_ids
