"""A pod has a certificate that a signer issues for it. The test is the signer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, Commands

SIGNER = "tests.example/pods"
_PARTS = {
    "signerName": SIGNER, "keyType": "ED25519", "maxExpirationSeconds": 7200, "credentialBundlePath": "bundle.pem",
    "certificateChainPath": "chain.pem", "userAnnotations": {"tests.example/for": "web"},
}  # fmt: skip


def pod(name: str) -> dict[str, Any]:
    container = {
        "name": "c", "image": IMAGE, "command": ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }  # fmt: skip
    volumes = [{"name": "v", "projected": {"sources": [{"podCertificate": _PARTS}]}}]
    spec = {"terminationGracePeriodSeconds": 1, "containers": [container], "volumes": volumes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def issued(request: dict[str, Any]) -> dict[str, Any]:
    """What a signer says to it."""
    now = datetime.now(UTC).replace(microsecond=0)
    asked = x509.load_der_x509_csr(base64.b64decode(request["spec"]["stubPKCS10Request"]))
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the test")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, request["spec"]["podName"])])
    end = now + timedelta(seconds=request["spec"]["maxExpirationSeconds"])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(own).public_key(asked.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(end)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )  # fmt: skip
    moments = {"notBefore": now, "beginRefreshAt": now + timedelta(hours=1), "notAfter": end}
    condition = {"type": "Issued", "status": "True", "reason": "Issued", "message": "", "lastTransitionTime": text(now)}
    chain = made.public_bytes(serialization.Encoding.PEM).decode()
    return {"conditions": [condition], "certificateChain": chain, **{name: text(at) for name, at in moments.items()}}


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(kubectl: Commands, request: dict[str, Any], status: dict[str, Any]) -> None:
    path = f"/apis/certificates.k8s.io/v1/namespaces/{kubectl.namespace}/podcertificaterequests"
    body = json.dumps({**request, "status": status})
    kubectl("replace", "--raw", f"{path}/{request['metadata']['name']}/status", "-f", "-", stdin=body)


def asked_by(kubectl: Commands, name: str) -> dict[str, Any]:
    def found() -> Any:
        every = kubectl.json("podcertificaterequests")["items"]
        return next((each for each in every if each["spec"]["podName"] == name), None)

    return wait_until(found, f"a request of {name}")


def test_a_pod_starts_when_its_certificate_is_there(inside: Commands) -> None:
    inside.apply(pod("web"))
    request = asked_by(inside, "web")
    spec = request["spec"]
    assert (spec["signerName"], spec["unverifiedUserAnnotations"]) == (SIGNER, {"tests.example/for": "web"})
    inside.until("credential bundle is not issued yet", "get", "events", "--field-selector=reason=FailedMount")
    answer(inside, request, issued(request))
    inside("wait", "--for=condition=Ready", "--timeout=100s", "pod/web")
    bundle = inside("exec", "web", "--", "cat", "/v/bundle.pem").encode()
    chain = inside("exec", "web", "--", "cat", "/v/chain.pem").encode()
    assert bundle.endswith(chain)
    key = serialization.load_pem_private_key(bundle[: -len(chain)], None)
    leaf = x509.load_pem_x509_certificate(chain)
    assert leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == "CN=web"
    inside("delete", "pod", "web")
    inside.until(r"\A\Z", "get", "podcertificaterequests", "--no-headers")


def test_a_pod_whose_certificate_is_denied_says_so(inside: Commands) -> None:
    inside.apply(pod("none"))
    request = asked_by(inside, "none")
    why = {"type": "Denied", "status": "True", "reason": "UnsupportedKeyType", "message": "try ECDSAP256"}
    answer(inside, request, {"conditions": [{**why, "lastTransitionTime": text(datetime.now(UTC))}]})
    said = 'PodCertificateRequest was permanently denied: reason="UnsupportedKeyType" message="try ECDSAP256"'
    inside.until(said, "get", "events", "--field-selector=reason=FailedMount")
