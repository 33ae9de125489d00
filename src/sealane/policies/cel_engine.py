"""CEL in the table of policy engines: ValidatingAdmissionPolicies in Kubernetes' format. Pure."""

from __future__ import annotations

from sealane.policies import evaluate, reading
from sealane.policies.engines import PolicyEngine

ADAPTER = PolicyEngine(endings=(".yaml",), read=reading.read, vet=evaluate.vet)
