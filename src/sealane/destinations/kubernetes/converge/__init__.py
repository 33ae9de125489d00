"""How far the desired version of each kind has come: one file a kind. Pure: Kubernetes' objects in, neutral values out.

Every kind asks first whether its controller has taken in the desired version (`observedGeneration`); before that nothing
it says counts. Then only instances of the desired version count, and being stable on an older one is never enough.
"""
