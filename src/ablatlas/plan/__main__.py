"""`python -m ablatlas.plan [STUDY …] [--scale SCALE]`: what would be trained, at what cost, and what it could show.

Without a study: all of them. Nothing is trained and nothing is written. Prices stand in the site's file, see `site`.
"""

import argparse
import sys
from collections.abc import Sequence

from ablatlas import page
from ablatlas.plan import text
from ablatlas.plan.cost import WATTS
from ablatlas.plan.past import look_back
from ablatlas.site import site
from ablatlas.study import find_root, load, names


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.plan", description=__doc__)
    parse.add_argument("study", nargs="*", help="a study or a control")
    parse.add_argument("--scale", default="laptop")
    parse.add_argument("--published", choices=["use", "ignore"], default="use", help="take published runs over, or not")
    parse.add_argument("--ladders", choices=["all", "claimed"], default="all", help="claimed: what `make atlas` trains")
    parse.add_argument("--cores", type=positive(int), default=2, help="that jobs are shared out to (default 2)")
    watts = ", ".join(f"{power:g} on {kind}" for kind, power in WATTS.items())
    parse.add_argument("--watts", type=positive(float), help=f"of a busy core or GPU (default {watts})")
    return parse


class positive:
    """A number above 0, for argparse."""

    def __init__(self, kind: type[int] | type[float]) -> None:
        self.kind, self.__name__ = kind, f"positive {kind.__name__}"

    def __call__(self, word: str) -> float:
        if not (value := self.kind(word)) > 0:
            raise ValueError(word)
        return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan; 2 and one line on stderr where a study, a scale or a record is not as it should be."""
    given = parser().parse_args(arguments)
    try:
        root = find_root()
        studies = [load(name, given.scale, root=root, ladders=given.ladders) for name in given.study or names(root)]
        published = given.published == "use"
        terms = text.Terms(published, given.cores, given.watts or WATTS[studies[0].device], site(root))
        past = look_back(root, published)
        plans = [text.Plan(study, past, terms) for study in studies]
        page.show(text.page(plans, terms))
    except (ValueError, OSError) as error:  # a study or a record says what is wrong with it
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
