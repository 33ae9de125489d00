"""Woodpecker's format, versions 1 to 3: `.woodpecker.yml` becomes the model. Pure.

Keys, defaults and conversions as in https://woodpecker-ci.org/docs/usage/workflow-syntax. A key that can't be honoured
is a finding: an error where leaving it out would change what runs, a warning where it would not.
"""
