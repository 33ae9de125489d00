"""The shape of policy files: ValidatingAdmissionPolicy and its binding, as in Kubernetes' v1 API. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from sealane.configfiles.fields import File, Matching, Maybe

GROUP = "admissionregistration.k8s.io/v1"
POLICY = "ValidatingAdmissionPolicy"
BINDING = "ValidatingAdmissionPolicyBinding"

ObjectName = Annotated[
    str,
    Matching(
        pattern=r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?",
        expected="a name of lower-case letters, digits, dashes and dots",
    ),
]
Identifier = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        expected="a name of letters, digits and underscores that begins with no digit",
    ),
]
Line = Annotated[str, Matching(pattern=r"[^\n\r]+", expected="a text of one line", longest=5 * 1024)]
Cel = Annotated[str, Field(min_length=1, max_length=10 * 1024)]
Operation = Literal["*", "CREATE", "UPDATE", "DELETE", "CONNECT"]
Reason = Literal["Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"]
Texts = Annotated[list[str], Field(min_length=1)]


class Part(File):
    """A part of a Kubernetes object: keys in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class Metadata(Part):
    """What every object has."""

    name: ObjectName
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class ResourceRuleFile(Part):
    """Requests that are meant; `*` stands for all."""

    api_groups: Texts
    api_versions: Texts
    operations: Annotated[list[Operation], Field(min_length=1)]
    resources: Texts
    scope: Literal["*", "Cluster", "Namespaced"] = "*"
    resource_names: list[str] = Field(default_factory=list)


class RequirementFile(Part):
    """One requirement on labels."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[str] = Field(default_factory=list)


class SelectorFile(Part):
    """Labels that must be there."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: list[RequirementFile] = Field(default_factory=list)


class MatchFile(Part):
    """Which objects are meant."""

    resource_rules: list[ResourceRuleFile] = Field(default_factory=list)
    exclude_resource_rules: list[ResourceRuleFile] = Field(default_factory=list)
    match_policy: Literal["Equivalent", "Exact"] = "Equivalent"
    object_selector: Maybe[SelectorFile] = None
    namespace_selector: Maybe[SelectorFile] = None


class ConstraintsFile(MatchFile):
    """Which objects the policy is about; at least one rule."""

    resource_rules: Annotated[list[ResourceRuleFile], Field(min_length=1)]


class ConditionFile(Part):
    """A condition without which the policy does not apply."""

    name: Line
    expression: Cel


class VariableFile(Part):
    """A value with a name, used as `variables.NAME`."""

    name: Identifier
    expression: Cel


class ValidationFile(Part):
    """An expression that must be true."""

    expression: Cel
    message: Maybe[Line] = None
    message_expression: Maybe[Cel] = None
    reason: Reason = "Invalid"


class AuditAnnotationFile(Part):
    """Something the API server writes into its audit log; Sealane has none and only checks its form."""

    key: Line
    value_expression: Cel


class ParamKindFile(Part):
    """The kind of object that `params` is; Sealane offers a ConfigMap."""

    api_version: str
    kind: str


class PolicySpec(Part):
    """What a policy says."""

    failure_policy: Literal["Fail", "Ignore"] = "Fail"
    param_kind: Maybe[ParamKindFile] = None
    match_constraints: ConstraintsFile
    match_conditions: Annotated[list[ConditionFile], Field(max_length=64)] = Field(default_factory=list)
    variables: list[VariableFile] = Field(default_factory=list)
    validations: Annotated[list[ValidationFile], Field(min_length=1)]
    audit_annotations: Annotated[list[AuditAnnotationFile], Field(max_length=20)] = Field(default_factory=list)


class PolicyFile(Part):
    """A ValidatingAdmissionPolicy."""

    api_version: Literal["admissionregistration.k8s.io/v1"]
    kind: Literal["ValidatingAdmissionPolicy"]
    metadata: Metadata
    spec: PolicySpec


class ParamRefFile(Part):
    """Which object is `params` on a cluster; in Sealane it is always the environment's facts."""

    name: Maybe[str] = None
    namespace: Maybe[str] = None
    selector: Maybe[SelectorFile] = None
    parameter_not_found_action: Maybe[Literal["Allow", "Deny"]] = None


class BindingSpec(Part):
    """Where a policy holds, and with which effect."""

    policy_name: ObjectName
    param_ref: Maybe[ParamRefFile] = None
    match_resources: Maybe[MatchFile] = None
    validation_actions: Annotated[list[Literal["Deny", "Warn", "Audit"]], Field(min_length=1)]


class BindingFile(Part):
    """A ValidatingAdmissionPolicyBinding."""

    api_version: Literal["admissionregistration.k8s.io/v1"]
    kind: Literal["ValidatingAdmissionPolicyBinding"]
    metadata: Metadata
    spec: BindingSpec
