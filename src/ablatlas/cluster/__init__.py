"""Slurm's side of a run: the jobs of a Snakemake that was killed, and what all jobs have cost."""
