"""The first files of a project, as text."""

from __future__ import annotations

import json

from sealane.pipelines.reading import FILE
from sealane.scaffold.detection import Buildable, Project


def compose(project: Project) -> dict[str, str]:
    """Paths from the repository's root, and what to write there, the pipeline first.

    Without a formation yet, there is one for each Kustomize overlay; else stencils and a formation if there is an image.
    """
    files = {FILE: _pipeline(project)}
    if project.kustomizations and not project.formations:
        files |= {f"deploy/formations/{name}.yaml": _overlay(project, name) for name in project.kustomizations}
    elif project.images and not project.formations:
        files |= {f"deploy/stencils/{image.name}.yaml": _stencil(image) for image in project.images}
        files["deploy/formations/dev.yaml"] = _formation(project)
    return files


def _pipeline(project: Project) -> str:
    commands = "".join(f"      - {command}\n" for command in project.commands)
    steps = f"steps:\n  - name: test\n    image: {project.image}\n    commands:\n{commands}"
    if project.steps_from:
        steps = f"# The steps stay where they are.\nsteps_from: {project.steps_from}\n"
    text = (
        "# What happens on a push; `sealane run` does the same here and now.\n"
        "# `sealane validate` checks this file, `sealane schema` prints its schema for your editor.\n"
        f"app: {_quoted(project.app)}\n"
        f"\n{steps}"
    )
    return f"{text}\n{delivery(project)}" if project.images or project.kustomizations else text


def delivery(project: Project) -> str:
    """The part of a pipeline that builds the images and delivers them."""
    built = "".join(f"  {_quoted(image.name)}: {{build: {_quoted(image.folder)}}}\n" for image in project.images)
    images = f"images:\n{built}\n" if built else ""
    first, *others = project.formations or _in_order(project) or ("dev",)
    if not project.formations:
        later = "".join(f"  # - {{formation: {_quoted(name)}, approval: {{by: approvers}}}}\n" for name in others)
        return f"{images}deliver:\n  - {_quoted(first)}\n{later}"
    return f"{images}deliver:\n" + "".join(f"  - {_quoted(name)}\n" for name in project.formations)


def _in_order(project: Project) -> list[str]:
    """The formations of overlays, `dev` first: that one is delivered unasked."""
    return sorted(project.kustomizations, key=lambda name: (name != "dev", name))


def _overlay(project: Project, name: str) -> str:
    return (
        f"# One instance of the app. `sealane render {name}` shows what Kustomize builds.\n"
        f"formation: {_quoted(name)}\n"
        f"environment: {_quoted(name)}\n"
        "destination: cluster\n"
        f"namespace: {project.app}-{name}\n"
        f"kustomize: [{json.dumps(project.kustomizations[name])}]\n"
        "strategy: {healthy_for: 10s, deadline: 10m}\n"
    )


def _formation(project: Project) -> str:
    return (
        "# One instance of the app. `sealane render dev` shows what it comes to.\n"
        "formation: dev\n"
        "environment: dev\n"
        "destination: cluster\n"
        f"namespace: {project.app}-dev\n"
        "values: {replicas: 1}\n"
        "strategy: {rolling: {max_unavailable: 0, max_surge: 1}, healthy_for: 10s, deadline: 10m}\n"
    )


def _stencil(image: Buildable) -> str:
    """A Service, a Deployment and its disruption budget that pass the default policies, also in production."""
    return f"""\
# Plain manifests; ${{words}} come from the formation and the release.
apiVersion: v1
kind: Service
metadata:
  name: {_quoted(image.name)}
  labels: {{app.kubernetes.io/name: {_quoted(image.name)}, app.kubernetes.io/part-of: "${{app}}"}}
spec:
  selector: {{app.kubernetes.io/name: {_quoted(image.name)}}}
  ports: [{{name: http, port: {image.port}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {_quoted(image.name)}
  labels: {{app.kubernetes.io/name: {_quoted(image.name)}, app.kubernetes.io/part-of: "${{app}}"}}
spec:
  replicas: ${{replicas}}
  selector:
    matchLabels: {{app.kubernetes.io/name: {_quoted(image.name)}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {_quoted(image.name)}, app.kubernetes.io/part-of: "${{app}}"}}
    spec:
      automountServiceAccountToken: false
      securityContext: {{runAsNonRoot: true, runAsUser: 65532}}
      containers:
        - name: {_quoted(image.name)}
          image: ${{image.{image.name}}}
          ports: [{{name: http, containerPort: {image.port}}}]
          # Better: an httpGet of a page that answers 200 only when the app can serve.
          readinessProbe: {{tcpSocket: {{port: {image.port}}}, periodSeconds: 2}}
          livenessProbe: {{tcpSocket: {{port: {image.port}}}, initialDelaySeconds: 30, failureThreshold: 5}}
          # New connections stop coming a moment after the pod is told to end; it serves until then.
          lifecycle: {{preStop: {{sleep: {{seconds: 3}}}}}}
          resources:
            requests: {{cpu: 50m, memory: 64Mi}}
            limits: {{memory: 256Mi}}
          # It writes to /tmp and nowhere else; mount another emptyDir where it must.
          securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{drop: [ALL]}}}}
          volumeMounts: [{{name: tmp, mountPath: /tmp}}]
      volumes: [{{name: tmp, emptyDir: {{}}}}]
---
# A node that is drained takes one pod at a time; production asks for it.
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {_quoted(image.name)}
  labels: {{app.kubernetes.io/name: {_quoted(image.name)}, app.kubernetes.io/part-of: "${{app}}"}}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{app.kubernetes.io/name: {_quoted(image.name)}}}
"""


def _quoted(name: str) -> str:
    """A name that YAML reads back as text: quoted if it looks like a number or a YAML keyword."""
    odd = name.replace("-", "").isdigit() or name in {"true", "false", "null"} or name[:1].isdigit()
    return f'"{name}"' if odd else name
