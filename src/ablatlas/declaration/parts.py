"""Parts: every key is one that the part's file has, every word one that its module has, every module there."""

def _label(variant: Variant) -> str:
    return f"arms.{variant.name}" if variant.arm == variant.name else f"contrasts.{variant.name}.set"


def _check_run(where: Where, root: Path, run: Tree, parts: Tree, label: str = "") -> None:
    """Every part is what its file declares, every module that it names exists, and so does every word in `nn`."""
    for group in PARTS:
        name = run[group].get("name") if isinstance(run[group], dict) else None
        where.choose(label or f"{group}.name", name, parts[group])
        _check_part(where, group, run[group], parts[group][name], label)
    for kind, name in _modules(run).items():
        known = source.modules(source.package(root) / FOLDERS[kind])
        where.choose(label or kind, name, known)
        _version(root, kind, name)
    nn = source.package(root) / "nn"
    for path in paths(run["model"], "model."):
        part, word = path.rsplit(".", 1)[1], at(run, path)
        if isinstance(word, str) and part in source.modules(nn) and word not in (known := source.words(nn / f"{part}.py")):
            _stray(where, run, parts, label, path, word, known)


def _stray(where: Where, run: Tree, parts: Tree, label: str, path: str, word: str, known: Sequence[str]) -> None:
    """Refuse a word that no part has, in the file that says it."""
    name, inner = run["model"]["name"], path.removeprefix("model.")
    default = parts["model"][name]
    if not label and inner in set(paths(default)) and at(default, inner) == word:
        raise StudyError(f"params/model/{name}.yaml", inner, word, one_of(known), known)
    where.fail(label or path, word, f"for {path} {one_of(known)}" if label else one_of(known), known)


def _check_part(where: Where, path: str, tree: Tree, declared: Tree, label: str) -> None:
    for key in tree:
        if key not in declared:
            where.fail(label or f"{path}.{key}", f"{path}.{key}", f"one of the keys {', '.join(declared)}", declared)
    for key, base in declared.items():
        if key not in tree:
            where.fail(label or f"{path}.{key}", None, f"a value for {path}.{key}")
        declaration.check_kind(where, f"{path}.{key}", base, tree[key], label)
        if isinstance(base, dict) and isinstance(tree[key], dict) and not label:
            _check_part(where, f"{path}.{key}", tree[key], base, label)
