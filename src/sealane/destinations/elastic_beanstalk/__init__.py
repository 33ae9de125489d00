"""Elastic Beanstalk as a destination: environments of applications, in one account and region."""
