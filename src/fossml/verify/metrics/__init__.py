"""Where a claimed number comes out, and reading it: documents, tables, logs, MLflow's stores."""
