"""What is claimed, registered and expected: what no digest depends on."""

def _paper(where: Where, root: Path, paper: object) -> str:
    where.choose("paper", paper, references.read(root))
    return str(paper)


def _claim(where: Where, root: Path, claim: object) -> Tree:
    declared = where.mapping("claim", claim, ("constraints", "source", "text"), ("implied",))
    for key in ("constraints", "implied"):
        if not isinstance(listed := declared.get(key, []), list):
            where.fail(f"claim.{key}", listed, "a list of constraints")
        for constraint in listed:
            where.choose(f"claim.{key}", constraint, CONSTRAINTS)
    essays = [key for key in references.read(root) if re.fullmatch(r"E\d+", key)]
    sources = declared["source"] if isinstance(declared["source"], list) else [declared["source"]]
    for essay in sources:
        where.choose("claim.source", essay, essays)
    where.text("claim.text", declared["text"])
    return declared | {"implied": declared.get("implied", [])}


def _registration(where: Where, config: Tree, ladders: dict[str, Ladder]) -> Tree:
    declared = where.mapping("register", config["register"], ("primary",), ("delta", "paired", "after_pilots"))
    if not isinstance(primary := declared["primary"], dict):
        where.fail("register.primary", primary, "a mapping from a constraint to its ladder")
    for constraint, ladder in primary.items():
        label = f"register.primary.{constraint}"
        where.choose(label, constraint, CONSTRAINTS)
        if ladder in ladders and ladders[ladder].constraint != constraint:
            where.fail(label, ladder, f"a ladder of {constraint} ({ladder} is one of {ladders[ladder].constraint})")
        if ladder not in config["ladders"] and not declaration.deleted(where, str(ladder)):
            where.fail(label, ladder, one_of(config["ladders"]), config["ladders"])
    delta, paired = declared.get("delta", 1.1), declared.get("paired", False)
    if not declaration.is_number(delta) or not delta > 1:
        where.fail("register.delta", delta, "a ratio above 1")
    if not isinstance(paired, bool):
        where.fail("register.paired", paired, "true or false")
    pilots = declared.get("after_pilots", [])
    if not isinstance(pilots, list) or not all(isinstance(pilot, str) for pilot in pilots):
        where.fail("register.after_pilots", pilots, "a list of sentences")
    return declared | {"delta": delta, "paired": paired, "after_pilots": pilots}


def _expectation(where: Where, expect: object) -> Tree:
    declared = where.mapping("expect", expect, ("direction",), ("published",))
    for key, value in declared.items():
        where.text(f"expect.{key}", value)
    return declared


def _seeds(where: Where, config: Tree) -> dict[str, tuple[int, ...]]:
    counts = where.mapping("seeds", config["seeds"], ("tuning", "confirmation"))
    for phase, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= FIRST_TUNING_SEED:
            where.fail(f"seeds.{phase}", count, f"a whole number from 1 to {FIRST_TUNING_SEED}")
    first = {"tuning": FIRST_TUNING_SEED, "confirmation": 0}
    return {phase: tuple(range(first[phase], first[phase] + counts[phase])) for phase in first}


def _arm(where: Where, arm: object, variants: dict[str, Variant]) -> str | None:
    if arm is not None:
        where.choose("arm", arm, variants)
    return None if arm is None else str(arm)


def _seed(where: Where, seed: Any) -> int | None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        where.fail("seed", seed, "a whole number from 0")
    return seed


def _unmeasured(primary: Tree, ladders: dict[str, Ladder], scale: str) -> dict[str, str]:
    return {
        constraint: f"its ladder {ladder} is not climbed at scale {scale}"
        for constraint, ladder in primary.items()
        if ladder not in ladders
    }
