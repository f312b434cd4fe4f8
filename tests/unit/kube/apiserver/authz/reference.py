"""A second evaluator of RBAC: slow, plain, and written from the documentation alone
(https://kubernetes.io/docs/reference/access-authn-authz/rbac/). It shares nothing with the real one."""

from collections.abc import Iterable

from wherry.kube.apiserver.model import Attributes, User
from wherry.kube.machinery.model import Object


def allowed(objects: Iterable[Object], asked: Attributes) -> bool:
    """Whether some binding that is for the user, and that holds where it asks, refers to a role with a rule for it."""
    objects = list(objects)
    for binding in objects:
        if binding["kind"] == "ClusterRoleBinding":
            namespace = ""
        elif binding["kind"] == "RoleBinding":
            namespace = binding["metadata"]["namespace"]
            if namespace != asked.namespace:
                continue
        else:
            continue
        if not any(is_for(subject, namespace, asked.user) for subject in binding.get("subjects", [])):
            continue
        for rule in rules_of(objects, binding["roleRef"], namespace):
            if rule_allows(rule, asked):
                return True
    return False


def is_for(subject: Object, namespace: str, user: User) -> bool:
    if subject["kind"] == "User":
        return subject["name"] == user.name
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    home = subject.get("namespace") or namespace
    return home != "" and user.name == "system:serviceaccount:" + home + ":" + subject["name"]


def rules_of(objects: list[Object], reference: Object, namespace: str) -> list[Object]:
    for each in objects:
        if each["kind"] != reference["kind"] or each["metadata"]["name"] != reference["name"]:
            continue
        if each["kind"] == "ClusterRole" or each["metadata"]["namespace"] == namespace:
            found: list[Object] = each.get("rules", [])
            return found
    return []


def rule_allows(rule: Object, asked: Attributes) -> bool:
    if "*" not in rule["verbs"] and asked.verb not in rule["verbs"]:
        return False
    if asked.path:
        return any(path_is(each, asked.path) for each in rule.get("nonResourceURLs", []))
    groups = rule.get("apiGroups", [])
    if "*" not in groups and asked.group not in groups:
        return False
    names = rule.get("resourceNames", [])
    if names and asked.name not in names:
        return False
    return any(resource_is(each, asked) for each in rule.get("resources", []))


def path_is(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return pattern == path


def resource_is(pattern: str, asked: Attributes) -> bool:
    if pattern == "*":
        return True
    resource, _, subresource = pattern.partition("/")
    if subresource != asked.subresource:
        return False
    return resource == asked.resource or (resource == "*" and subresource != "")
