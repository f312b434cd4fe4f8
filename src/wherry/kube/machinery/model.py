"""The words of the API: objects, groups, versions, kinds, resources."""

from typing import Any, NamedTuple, TypeAlias

Object: TypeAlias = dict[str, Any]  # Any: an API object is JSON; its schema says what is in it
"""One API object, decoded: JSON's own types, nothing else. Whoever shares one does not change it."""


class GroupVersion(NamedTuple):
    """``group`` is empty for the core group."""

    group: str
    version: str

    def __str__(self) -> str:
        """As ``apiVersion`` has it: ``v1``, ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def parse(cls, text: str) -> "GroupVersion":
        """Of an ``apiVersion``. Raises ValueError."""
        group, slash, version = text.rpartition("/")
        if not version or (slash and not group) or "/" in group:
            raise ValueError(f"unexpected GroupVersion string: {text}")
        return cls(group, version)


class GroupResource(NamedTuple):
    """``resource`` is the plural, in lower case: ``deployments``. Its text, as upstream's errors have it:
    ``deployments.apps``, ``pods``."""

    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource


class GroupKind(NamedTuple):
    """Its text: ``Deployment.apps``, ``Pod``."""

    group: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind


class GroupVersionResource(NamedTuple):
    """What a URL names."""

    group: str
    version: str
    resource: str

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.group, self.resource)


class GroupVersionKind(NamedTuple):
    """What an object says it is."""

    group: str
    version: str
    kind: str

    @property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @property
    def api_version(self) -> str:
        """As objects have it: ``v1``, ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> GroupKind:
        return GroupKind(self.group, self.kind)

    @classmethod
    def of(cls, document: Object) -> "GroupVersionKind":
        """Of ``apiVersion`` and ``kind``. Raises ValueError."""
        version = GroupVersion.parse(str(document.get("apiVersion", "")))
        return cls(version.group, version.version, str(document.get("kind", "")))
