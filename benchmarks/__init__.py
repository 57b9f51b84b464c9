"""What the engine and the workflow cost, measured beside their peers: `make bench` runs all, `results/` keeps it.

Every comparison is a ratio of what ran in turn on one machine in one sitting; `grid.yaml` fixes what is trained.
"""
