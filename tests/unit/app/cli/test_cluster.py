"""``kubeconfig``, ``backup``, ``restore`` on the command line."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wherry.kube.pki.directory import ensure
from wherry.kube.pki.kubeconfig import Access, document, parse, text
from wherry.kube.pki.model import ADMIN, Wanted

Wherry = Callable[..., Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An instance whose cluster has run."""
    directory = tmp_path / "instance"
    pki = ensure(directory / "cluster" / "pki", Wanted(), time.time())
    admin = pki.clients[ADMIN.file]
    access = Access("https://127.0.0.1:6443", pki.authority_pem, "mine", "me", admin.certificate_pem, admin.key_pem)
    (directory / "kubeconfig").write_text(text(document(access)))
    return directory


def test_it_is_printed(wherry: Wherry, root: Path) -> None:
    found = json.loads(wherry("--root", str(root), "kubeconfig").out)
    assert found["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"


def test_it_is_merged_into_another_and_taken_out_again(wherry: Wherry, root: Path, tmp_path: Path) -> None:
    target = tmp_path / "config"
    target.write_text(
        "kind: Config\ncontexts:\n- name: other\n  context: {cluster: c, user: u}\ncurrent-context: other\n"
    )
    said = wherry("--root", str(root), "kubeconfig", "--merge", "--file", str(target)).out
    assert "context mine" in said
    found = parse(target.read_text())
    assert [each["name"] for each in found["contexts"]] == ["other", "mine"]
    assert found["current-context"] == "mine"
    wherry("--root", str(root), "kubeconfig", "--remove", "--file", str(target))
    assert [each["name"] for each in parse(target.read_text())["contexts"]] == ["other"]


def test_the_instance_s_own_file_is_no_target(
    wherry: Wherry, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{root / 'kubeconfig'}:{tmp_path / 'mine'}")
    wherry("--root", str(root), "kubeconfig", "--merge")
    assert (tmp_path / "mine").exists()


def test_without_a_cluster_it_says_how_to_get_one(wherry: Wherry, tmp_path: Path) -> None:
    found = wherry("--root", str(tmp_path / "none"), "kubeconfig")
    assert "no cluster in" in found.err and "wherry up --root" in found.err


def test_there_is_nothing_to_save_without_a_cluster(wherry: Wherry, tmp_path: Path) -> None:
    found = wherry("--root", str(tmp_path / "none"), "backup", str(tmp_path / "saved.tar"))
    assert "nothing to save" in found.err
