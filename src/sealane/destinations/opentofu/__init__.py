"""Configurations of OpenTofu and Terraform: planned, approved with their plan, and applied exactly so."""
