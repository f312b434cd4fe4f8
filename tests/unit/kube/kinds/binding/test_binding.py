"""Bindings, as a kind."""

from wherry.kube.kinds import binding


def test_bindings_can_be_created_and_nothing_else() -> None:
    assert binding.KIND.verbs == ("create",)
    assert binding.KIND.namespaced


def test_bindings_name_a_target() -> None:
    assert "target" in binding.KIND.schema().properties
