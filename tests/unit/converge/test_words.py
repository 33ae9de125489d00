"""What the words of registries, kubelets, API servers and probes mean."""

from __future__ import annotations

import msgspec
import pytest

from sealane.clients.kubernetes import pod_objects
from sealane.destinations.kubernetes.messages import probes, pulls, refusals
from sealane.verdicts import model

K = model.FactKind
UNPACK = 'rpc error: code = {} desc = failed to pull and unpack image "docker.io/library/x:1": '


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('failed to resolve reference "r.example/x:1": r.example/x:1: not found', K.IMAGE_MISSING),
        ("manifest unknown: manifest unknown", K.IMAGE_MISSING),
        ('Error response from daemon: repository "x" not found: does not exist', K.IMAGE_MISSING),
        ("pull access denied, repository does not exist or may require authorization", K.IMAGE_DENIED),
        ("failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized", K.IMAGE_DENIED),
        ("unexpected status from HEAD request to https://r.example/v2/x: 403 Forbidden", K.IMAGE_DENIED),
        ("no match for platform in manifest: not found", K.IMAGE_INVALID),
        ('Failed to apply default image tag "X::1": invalid reference format', K.IMAGE_INVALID),
        ("dial tcp: lookup r.example on 10.96.0.10:53: no such host", K.REGISTRY_UNREACHABLE),
        ("dial tcp 10.0.0.1:443: i/o timeout", K.REGISTRY_UNREACHABLE),
        ("net/http: TLS handshake timeout", K.REGISTRY_UNREACHABLE),
        ("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", K.REGISTRY_UNREACHABLE),
        ("unexpected status from GET request to https://r/v2/: 503 Service Unavailable", K.REGISTRY_UNREACHABLE),
        ("unexpected status: 500 Internal Server Error", K.REGISTRY_UNREACHABLE),
        ('Back-off pulling image "r.example/not-found/denied:403"', None),
    ],
)
def test_a_registrys_answer_is_told_from_its_silence(message: str, kind: K | None) -> None:
    """Names of images can hold any word and must not be taken for an answer."""
    assert pulls.kind("ErrImagePull", message) == kind
    assert pulls.kind("ErrImagePull", UNPACK.format("Unknown") + message) == kind


HTTP = msgspec.convert({"httpGet": {"port": 8080, "path": "healthz"}, "timeoutSeconds": 3}, pod_objects.Probe)
TCP = msgspec.convert({"tcpSocket": {"port": "db"}}, pod_objects.Probe)
GRPC = msgspec.convert({"grpc": {"port": 9000}}, pod_objects.Probe)
EXEC = msgspec.convert({"exec": {"command": ["cat", "/tmp/ready"]}}, pod_objects.Probe)


@pytest.mark.parametrize(
    ("probe", "message", "said"),
    [
        (HTTP, "HTTP probe failed with statuscode: 500", "GET :8080/healthz answered 500"),
        (
            HTTP,
            'Get "http://10.0.0.5:8080/healthz": dial tcp 10.0.0.5:8080: connect: connection refused',
            "GET :8080/healthz was refused, nothing listens there",
        ),
        (
            HTTP,
            'Get "http://10.0.0.5:8080/healthz": context deadline exceeded (Client.Timeout exceeded)',
            "GET :8080/healthz did not answer within 3 s",
        ),
        (TCP, "dial tcp 10.0.0.5:5432: i/o timeout", "connecting to :db did not answer within 1 s"),
        (GRPC, 'service unhealthy (responded with "NOT_SERVING")', "gRPC health check on :9000 answered NOT_SERVING"),
        (
            EXEC,
            "cat: can't open '/tmp/ready': No such file",
            "command cat /tmp/ready failed and said “cat: can't open '/tmp/ready': No such file”",
        ),
        (EXEC, "", "command cat /tmp/ready failed without a word"),
        (
            EXEC,
            'OCI runtime exec failed: exec failed: exec: "cat": executable file not found in $PATH: unknown',
            "command cat /tmp/ready could not be run: there is no such program in the container",
        ),
    ],
)
def test_a_probes_answer_reads_as_one_would_say_it(probe: pod_objects.Probe, message: str, said: str) -> None:
    which, raw = probes.failed(f"Readiness probe failed: {message}") or ("", "")
    assert which == "readiness"
    assert f"{probes.asks(probe)} {probes.answer(probe, raw)}" == said


@pytest.mark.parametrize(
    ("message", "killed"),
    [
        ("Container web failed liveness probe, will be restarted", ("web", "liveness")),
        ("Container web failed startup probe", ("web", "startup")),
        ("Init container mesh failed startup probe", ("mesh", "startup")),
        ("Init container mesh failed liveness probe, will be restarted", ("mesh", "liveness")),
        ("Stopping container web", None),
        ("Container web definition changed, will be restarted", None),
    ],
)
def test_which_probe_had_a_container_killed(message: str, killed: tuple[str, str] | None) -> None:
    """Also a sidecar's, and where nothing is started again."""
    assert probes.killed(message) == killed


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (
            'pods "w-1" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=2',
            K.QUOTA,
            "exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=2",
        ),
        (
            'admission webhook "no.example" denied the request: timeout is not a reason',
            K.REFUSED,
            'admission webhook "no.example" denied the request: timeout is not a reason',
        ),
        (
            'Internal error occurred: failed calling webhook "v.example": context deadline exceeded',
            K.NOT_ANSWERING,
            'Internal error occurred: failed calling webhook "v.example": context deadline exceeded',
        ),
        (
            'pods "w-1" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
            K.REFUSED,
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            'pods "w-1" is forbidden: error looking up service account a/b: serviceaccount "b" not found',
            K.REFERENCE_MISSING,
            'error looking up service account a/b: serviceaccount "b" not found',
        ),
        ("etcdserver: request timed out", K.NOT_ANSWERING, "etcdserver: request timed out"),
    ],
)
def test_why_pods_are_not_made(message: str, kind: K, words: str) -> None:
    assert refusals.creating(message) == kind
    assert refusals.words(f"Error creating: {message}") == words


@pytest.mark.parametrize(
    ("message", "reference", "key"),
    [
        ('configmap "settings" not found', "ConfigMap/settings", None),
        ('MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found', "Secret/web-tls", None),
        ("couldn't find key size in ConfigMap shop/settings", "ConfigMap/settings", "size"),
        ("couldn't find key token in Secret shop/keys", "Secret/keys", "token"),
        (
            'MountVolume.SetUp failed for volume "s" : references non-existent config key: size',
            "ConfigMap/",
            "size",
        ),
        (
            'MountVolume.SetUp failed for volume "s" : references non-existent secret key: ca.crt',
            "Secret/",
            "ca.crt",
        ),
    ],
)
def test_what_is_missing(message: str, reference: str, key: str | None) -> None:
    assert refusals.missing(message) == refusals.Missing(reference=reference, key=key)


def test_what_a_runtime_says_is_told_without_its_layers() -> None:
    message = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: exec: "serve": executable file not found in $PATH: unknown'
    )
    assert refusals.starting(message) is K.BAD_COMMAND
    assert refusals.start_words(message) == 'exec: "serve": executable file not found in $PATH'
