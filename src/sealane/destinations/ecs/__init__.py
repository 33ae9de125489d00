"""Services and tasks of Elastic Container Service: objects with the service's own fields, judged by its deployments."""
