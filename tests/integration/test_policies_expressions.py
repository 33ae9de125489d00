"""CEL on the real API server: Sealane finds the same value, message, failure or mistake for each expression."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sealane.policies import evaluate, reading
from sealane.policies.model import Facts
from sealane.stencils.model import Origin, Rendered
from testbed.record import Bed
from tests.bed import Kubectl
from tests.integration.policy_server import GROUP, Answer, PolicyServer

SUFFIX = secrets.token_hex(4)
NAMESPACE = f"t-expressions-{SUFFIX}"
FACTS = Facts(
    environment="production", production=True, namespace=NAMESPACE, registries=("a.example/*", "b.example/**")
)

VALUES = r"""
'kind is ' + object.kind
object.metadata.name.startsWith('x') ? 'yes' : 'no'
string(object.spec.replicas + 1)
string(object.spec.replicas * 2 - 1 / 1 % 2)
string(size(object.spec.template.spec.containers))
object.spec.template.spec.containers.map(c, c.name).join('+')
object.spec.template.spec.containers.filter(c, has(c.env)).map(c, c.image).join()
object.spec.template.spec.containers.map(c, c.name != 'web', c.name.upperAscii()).join(',')
'' + object.spec.template.spec.containers[1].name
'' + object.metadata.labels['app.kubernetes.io/name']
object.metadata.?labels[?'nope'].orValue('none')
'' + object.?spec.?nope.?deeper.orValue('none')
object.?spec.?paused.hasValue() ? 'set' : 'unset'
[?object.?spec.?nope, ?object.metadata.?name].map(n, 'one').join()
{?'a': optional.none(), 'b': 'c'}.map(k, k).join()
optional.of(1).optMap(x, x + 1).orValue(0) == 2 ? 'two' : 'other'
optional.of('a').optFlatMap(x, optional.of(x + 'b')).value()
optional.ofNonZeroValue('').or(optional.of('else')).value()
optional.none().hasValue() ? 'a' : 'b'
[1, 2].first().value() == 1 ? 'first' : ''
string([3, 1, 2].last().value())
'registry/app:1.4.2'.find('[0-9]+[.][0-9]+')
'registry/app:1.4.2'.find('(app):(1)')
'abc'.find('x') + '|'
'a1b22c333'.findAll('[0-9]+').join(',')
'a1b22c333'.findAll('([0-9])+', 2).join(',')
'a1b22c333'.findAll('[[:digit:]]+', 0).join(',') + '|'
'ÄÖ ü'.lowerAscii() + 'x'.upperAscii()
'  trimmed '.trim() + '|'
'a,b,,c'.split(',').join('|')
'a,b,,c'.split(',', 2).join('|')
'banana'.replace('an', 'o')
'banana'.replace('an', 'o', 1)
'hello'.substring(1, 3) + 'hello'.substring(3)
'hello'.charAt(1) + '|' + 'hello'.charAt(5)
string('banana'.indexOf('an')) + string('banana'.indexOf('an', 2)) + string('banana'.lastIndexOf('an'))
string('ünï'.indexOf('ï'))
'%s has %d of %.2f, %x, %b'.format(['web', 3, 1.5, 255, 5])
'%s %s'.format([[1, 2], true])
strings.quote('a "quoted"\n')
string([1, 2, 3].sum()) + string([1.5, 2.0].sum())
string([3, 1, 2].min()) + [ 'b', 'c' ].max()
[1, 2, 2].isSorted() && !['b', 'a'].isSorted() ? 'sorted' : 'not'
string([1, 2, 3, 2].indexOf(2)) + string([1, 2, 3, 2].lastIndexOf(2)) + string([1].indexOf(9))
string(object.spec.template.spec.containers.map(c, c.name).indexOf('side'))
string([[1], [2, 3]].size())
[3, 1, 2].sort().map(i, string(i)).join()
['bb', 'a'].sortBy(s, size(s)).join(',')
[1, 1, 2].distinct().map(i, string(i)).join()
[[1], [2, 3]].flatten().map(i, string(i)).join()
[1, 2, 3, 4].slice(1, 3).map(i, string(i)).join()
lists.range(4).map(i, string(i)).join()
[1, 2, 3].reverse().map(i, string(i)).join()
sets.contains(['a', 'b'], ['b']) ? 'in' : 'out'
sets.equivalent([1, 2], [2, 1, 1]) ? 'same' : 'not'
sets.intersects(['a'], object.spec.template.spec.containers.map(c, c.name)) ? 'some' : 'none'
quantity('1.5Gi').isGreaterThan(quantity('1536Mi')) ? 'more' : 'not more'
quantity('500m').isLessThan(quantity('1')) ? 'less' : 'not less'
quantity('1Gi') == quantity('1024Mi') ? 'equal' : 'not'
string(quantity('50k').add(quantity('20k')).sub(1).asInteger())
string(quantity('2').compareTo(quantity('2000m'))) + string(sign(quantity('-1')))
string(quantity('1.5').asApproximateFloat()) + string(quantity('1.5').isInteger())
string(isQuantity('1Gi')) + string(isQuantity('1Zi')) + string(isQuantity('Mi'))
object.spec.template.spec.containers.all(c, quantity(c.resources.limits.memory).isLessThan(quantity('1Gi'))) ? 'small' : 'big'
url('https://user@example.com:8443/a/b?x=1&y=2').getHost()
url('https://example.com:8443/a b?x=1').getEscapedPath() + url('http://[::1]:80/').getHostname() + url('http://a:81').getPort()
url('https://example.com/?x=1&x=2').getQuery()['x'].join('+') + url('ftp://h').getScheme()
string(isURL('https://example.com')) + string(isURL('../up')) + string(isURL('/abs'))
string(ip('192.168.0.1').family()) + string(isIP('::1')) + string(isIP('1.2.3')) + string(ip('127.0.0.1').isLoopback())
string(ip.isCanonical('::1')) + string(ip.isCanonical('0:0::1')) + string(ip('fe80::1').isLinkLocalUnicast())
string(ip('10.0.0.1')) + string(cidr('10.0.0.0/8'))
string(cidr('192.168.0.0/24').containsIP('192.168.0.9')) + string(cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')) + string(isCIDR('1.2.3.4/33'))
string(cidr('192.168.1.5/24').prefixLength()) + string(cidr('192.168.1.5/24').masked())
string(semver('1.10.0').isGreaterThan(semver('1.9.9'))) + string(isSemver('v1.0')) + string(isSemver('v1.0', true))
string(semver('1.2.3-rc.1').compareTo(semver('1.2.3'))) + string(semver('3.4.5').minor()) + string(semver('v2', true).major())
has(object.spec.replicas) && !has(object.spec.paused) ? 'has' : 'lacks'
'web' in object.spec.template.spec.containers.map(c, c.name) ? 'in' : 'out'
'app' in object.spec.template.metadata.labels ? 'in' : 'out'
object.spec.template.spec.containers.exists_one(c, c.name == 'web') ? 'one' : 'not one'
[1, 2, 3].existsOne(i, v, v > i + 1) ? 'one' : 'not one'
[1, 2].transformList(i, v, string(i) + '=' + string(v)).join(',')
['a', 'b', 'c'].transformList(i, v, i > 0, v).join(',')
{'x': 1}.transformMap(k, v, v + 1).map(k, k).join() + string({'x': 1}.transformMap(k, v, v + 1)['x'])
{'x': 'y'}.transformMapEntry(k, v, {v: k})['y']
{'a': 1, 'b': 2}.all(k, v, v > 0) && [5, 6].exists(i, v, i == 1 && v == 6) ? 'both' : 'no'
string(1 < 2.5) + string(object.spec.replicas > 1.5) + string(3u > 2)
string(int('12') + int(3.9) + int(2u)) + string(double('1.5')) + string(uint(7))
string(duration('90s').getMinutes()) + string(duration('1h') > duration('59m'))
string(timestamp('2026-01-02T03:04:05Z').getMonth()) + string(timestamp('2026-01-02T03:04:05Z') + duration('1h'))
string(true) + string(b'abc') + string(1.0) + string(1e30) + string(-0.5)
type(object.spec.replicas) == int && type('') == string ? 'types' : 'no'
string([dyn(1), dyn('a'), dyn(null)].size())
string(null == object.spec.?nope.orValue(null))
string(oldObject == null) + request.operation + request.kind.kind + request.resource.resource + request.namespace
request.name + request.requestKind.group + string(has(request.subResource))
namespaceObject.metadata.name + string(has(namespaceObject.metadata.labels))
'' + namespaceObject.metadata.labels['kubernetes.io/metadata.name']
'' + params.data.production + params.data.environment + params.kind
params.data.registries.split('\n').join('|')
variables.names.join('/') + string(variables.later)
string(variables.limit.isLessThan(quantity('2Gi'))) + string(variables.wait == duration('5s'))
variables.maybe.orValue('nothing') + string(variables.count)
'' + object.spec.template.spec.containers[0].imagePullPolicy + object.spec.template.spec.restartPolicy
string(object.spec.template.spec.terminationGracePeriodSeconds) + object.spec.strategy.type
string(object.spec.template.spec.containers[0].resources.limits.memory) + object.spec.template.spec.containers[0].resources.requests.cpu
string(has(object.spec.template.spec.securityContext)) + string(has(object.metadata.annotations))
string(object.spec.template.spec.containers[0].ports[0].containerPort) + object.spec.template.spec.containers[0].ports[0].protocol
'matches'.matches('^m.t') ? 'match' : 'no'
'a' + ('b' < 'c' ? 'd' : 'e')
('x' == 'x' || object.nope == 1) && !(false && object.nope == 1) ? 'absorbed' : ''
object.spec.template.spec.containers.exists(c, c.nope == 1 || c.name == 'web') ? 'absorbed' : ''
r'raw\n' + "double" + '''triple'''
// a comment
""".strip().splitlines()[:-1]

FAILURES = r"""
object.nope == 1
object.spec.template.spec.containers.all(c, c.nope == 1)
object.spec.replicas / 0 == 1
object.spec.replicas % 0 == 1
object.spec.template.spec.containers[7].name == 'x'
object.metadata.name + object.spec.replicas == 'x'
object.metadata.labels['nope'] == 'x'
optional.none().value() == 1
object.?spec.?nope.value() == 'x'
int(object.metadata.name) == 1
quantity(object.metadata.name).isInteger()
quantity('1.5').asInteger() == 1
[].max() == 1
duration(object.metadata.name) == duration('1s')
object.metadata.name ? true : false
variables.broken == 'x'
variables.names[9] == 'x'
object.spec.template.spec.containers.map(c, c.nope).size() == 0
9223372036854775807 + object.spec.replicas == 0
url(object.metadata.name).getHost() == ''
ip(object.metadata.name).family() == 4
semver(object.metadata.name).major() == 1
{'x': 1, 'y': 1}.transformMapEntry(k, v, {v: k}).size() == 1
""".strip().splitlines()

VERDICTS = r"""
object.spec.replicas >= 2
object.spec.replicas >= 4
has(object.spec.paused)
object.metadata.name == 'other' || object.kind == 'Deployment'
object.spec.template.spec.containers.all(c, c.image.startsWith('a.example/'))
object.spec.template.spec.containers.exists(c, c.?securityContext.?privileged.orValue(false))
!variables.names.exists(n, n == 'web')
params.data.production == 'true' && params.data.environment != 'production'
false || (object.spec.replicas == 3 ? true : object.nope)
variables.unused == 'x' || true
""".strip().splitlines()

MISTAKES = r"""
object.spec.replicas
'text'
1 +
nope == 1
variables.nope == 1
object.spec.replicas = 1
'a' + 1 == 'a1'
1 == 'a'
1.0 + 2 == 3.0
quantity('1') > quantity('2')
quantity('1').nope
'a'.isLessThan('b')
'a'.reverse() == 'a'
cel.bind(x, 1, x == 1)
math.greatest(1, 2) == 2
base64.encode(b'a') == 'YQ=='
objects.size() == 0
'a'.find(1) == ''
quantity('1') == '1'
[1].sum('x') == 1
object.has(x)
variables.count.size() == 1
variables.names + 1 == []
[1, 2].existsOne(i, i > 1)
""".strip().splitlines()

VARIABLES = [
    {"name": "names", "expression": "object.spec.template.spec.containers.map(c, c.name)"},
    {"name": "later", "expression": "variables.names.size() + 1"},
    {"name": "limit", "expression": "quantity('1Gi')"},
    {"name": "wait", "expression": "duration('5s')"},
    {"name": "maybe", "expression": "object.?spec.?nope"},
    {"name": "count", "expression": "2u"},
    {"name": "broken", "expression": "object.nope"},
    {"name": "unused", "expression": "object.spec.nope.nope"},
]


def policy(name: str, expression: str, *, value: bool) -> dict[str, Any]:
    """A policy that always refuses: with the expression's value, or with whether it is true."""
    refusal = {"expression": "false", "message": "it is true"}
    asked = (
        [{"expression": "false", "messageExpression": expression}] if value else [{"expression": expression}, refusal]
    )
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["*"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {"resourceRules": [rule]},
            "variables": VARIABLES,
            "validations": asked,
        },
    }


def deployment(name: str) -> dict[str, Any]:
    web = {
        "name": "web",
        "image": "a.example/web:1.4.2",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": "HOME", "value": "/"}],
        "resources": {"limits": {"memory": "128Mi", "cpu": 1}, "requests": {"cpu": 0.5, "memory": "0.5Mi"}},
    }
    side = {"name": "side", "image": "b.example/x/side:latest", "resources": {"limits": {"memory": 1000000}}}
    labels = {"app": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "shop"}},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [web, side]}},
        },
    }


CASES = [
    (f"{kind}-{number}", expression, kind == "value")
    for kind, table in (("value", VALUES), ("failure", FAILURES), ("verdict", VERDICTS))
    for number, expression in enumerate(table)
]


def ours(name: str, expression: str, *, value: bool) -> Answer:
    policies, findings = reading.read({"policy.yaml": json.dumps(policy(name, expression, value=value))})
    assert findings == []
    rendered = Rendered(object=deployment(f"{name}-{SUFFIX}"), origin=Origin(file="web.yaml"))
    first = evaluate.vet([copy.deepcopy(rendered)], policies, FACTS)[0]
    return Answer(allowed=False, policy=first.policy, message=first.message)


@pytest.fixture(scope="module")
def server(bed: Bed, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyServer]:
    facts = FACTS.params()
    kubectl("create", "namespace", NAMESPACE)
    kubectl("create", f"--namespace={NAMESPACE}", "--filename=-", given=json.dumps(facts))
    server = PolicyServer(bed, suffix=SUFFIX, namespace=NAMESPACE, folder=tmp_path_factory.mktemp("access"))
    try:
        server.install(
            [(policy(name, text, value=value), [f"{name}-{SUFFIX}"]) for name, text, value in CASES],
            params=facts["metadata"]["name"],
        )
        yield server
    finally:
        server.close()
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def theirs(server: PolicyServer) -> dict[str, Answer]:
    """What the API server says in every case."""
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda case: server.refused(deployment(f"{case[0]}-{SUFFIX}")), CASES)
        return dict(zip([name for name, _, _ in CASES], answers, strict=True))


@pytest.mark.parametrize(("name", "expression", "value"), CASES, ids=[name for name, _, _ in CASES])
def test_an_expression_comes_to_the_same(name: str, expression: str, value: bool, theirs: dict[str, Answer]) -> None:
    """Values as messages, verdicts by which validation refuses, failures by their message."""
    assert not theirs[name].allowed
    if value:
        assert theirs[name].message != "failed expression: false", "the API server can't evaluate it"

    assert ours(name, expression, value=value) == theirs[name]


@pytest.mark.parametrize("expression", MISTAKES)
def test_a_mistake_is_found_by_both_when_the_policy_is_read(expression: str, server: PolicyServer) -> None:
    """What the API server refuses to install, Sealane refuses to load."""
    wrong = policy(f"mistake-{SUFFIX}", expression, value=False)

    answer = server.post(f"{GROUP}/validatingadmissionpolicies", wrong, dry=True)
    policies, findings = reading.read({"policy.yaml": json.dumps(wrong)})

    assert answer.status_code == 422
    assert policies == []
    assert findings
