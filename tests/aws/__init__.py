"""A stateful stand-in of Amazon Web Services on one port: Elastic Beanstalk's query protocol, and buckets of S3."""
