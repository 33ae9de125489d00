"""The line of CEL in the table of policy engines: ValidatingAdmissionPolicies, as Kubernetes writes them. Pure."""

from __future__ import annotations

from sealane.policies import evaluate, reading
from sealane.policies.engines import PolicyEngine

ADAPTER = PolicyEngine(endings=(".yaml",), read=reading.read, vet=evaluate.vet)
