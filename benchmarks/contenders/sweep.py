"""A Hydra application that trains one run; `--multirun` sweeps arms and seeds through a launcher of Hydra's."""

from pathlib import Path

import hydra
from omegaconf import DictConfig, OmegaConf

from benchmarks.plain import keep, train


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(given: DictConfig) -> None:
    """Train the run that the composed configuration is."""
    config = {str(key): value for key, value in OmegaConf.to_container(given, resolve=True).items()}  # type: ignore[union-attr]
    arm = OmegaConf.select(given, given.ablate)
    keep(Path(given.work), f"{arm}-{given.seed}", train(config, given.seed))


if __name__ == "__main__":
    main()
