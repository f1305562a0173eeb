"""The bench on which all experiments stand: tasks, ensembles, optimizers, training, records."""
