"""What is said about pods."""

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import pod
from wherry.node.pods import view
from wherry.node.pods.voice import Silence, Voice


def test_whom_it_is_about() -> None:
    heard = Heard()
    voice = Voice(heard, pod())
    voice.say("Started", "Container started", next(view.members(pod())))
    voice.warn("FailedMount", "no")
    assert heard.events == [("Started", "Normal"), ("FailedMount", "Warning")]
    assert heard.about[0] == {
        "kind": "Pod", "apiVersion": "v1", "name": "web", "namespace": "default", "uid": "uid-web",
        "resourceVersion": "", "fieldPath": "spec.containers{web}",
    }  # fmt: skip
    assert "fieldPath" not in heard.about[1]


def test_silence_says_nothing() -> None:
    Voice(Silence(), pod()).say("Started", "Container started")
