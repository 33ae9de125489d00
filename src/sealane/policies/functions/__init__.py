"""Kubernetes' additions to CEL. Pure: text, numbers and lists in and out; knows nothing about policies.

Each module follows the library of the same purpose of Kubernetes 1.36 (k8s.io/apiserver/pkg/cel/library) and declares
`FUNCTIONS`.
"""
