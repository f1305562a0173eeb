"""The resource model: subtasks share out neurons, and each loss falls as one over its share."""
