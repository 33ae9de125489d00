"""Drone's formats, 0.8 and 1 to 2: `.drone.yml` becomes the model. Pure.

Keys and defaults as in https://docs.drone.io/pipeline/docker/syntax and https://0-8-0.docs.drone.io. A key that can't be
honoured is a finding: an error where leaving it out would change what runs, a warning where it would not.
"""
