"""fossml beside dvc and snakemake on the same work, as whole processes."""
