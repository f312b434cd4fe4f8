"""The pull secrets of a pod."""

from wherry.kube.machinery.model import Object
from wherry.node.pods.references import Reference, References
from wherry.node.pods.voice import Voice


def references(pod: Object) -> set[Reference]:
    namespace = pod["metadata"]["namespace"]
    names = (each.get("name") for each in pod["spec"].get("imagePullSecrets") or ())
    return {Reference("secrets", namespace, name) for name in names if name}


def found(pod: Object, known: References, voice: Voice) -> list[Object]:
    """Those that are there; that others are not is said, and may be no harm."""
    wanted = sorted(references(pod))
    secrets = {each: known.find(each) for each in wanted}
    missing = [each.name for each, secret in secrets.items() if secret is None]
    if missing:
        said = f"Unable to retrieve some image pull secrets ({', '.join(missing)}); attempting to pull the image may "
        voice.warn("FailedToRetrieveImagePullSecret", said + "not succeed.")
    return [secret for secret in secrets.values() if secret is not None]
