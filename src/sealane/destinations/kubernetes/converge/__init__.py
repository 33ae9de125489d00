"""The progress of each kind towards its desired version: one file per kind. Pure: Kubernetes' objects in, neutral values out.

For every kind, the controller must first have seen the desired version (`observedGeneration`); before that, its status does
not count. Then only instances of the desired version count; being stable on an older one is never enough.
"""
