"""The meaning of clusters' messages. Pure: text in, plain values out.

The messages are those of Kubernetes 1.36 with containerd 1.6 to 2; older and newer ones differ in wrapping, not in core.
"""
