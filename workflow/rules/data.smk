# Real data: what a cell's task reads, fetched and verified before the cell trains. Most studies need none.


rule fetch:
    output:
        # The digest is that of the files' hashes; what is noted is which bytes were verified.
        "data/raw/{dataset}-{digest}.json",
    wildcard_constraints:
        dataset="[a-z0-9_]+",
    priority: 20_000
    localrule: True
    shell:
        "python -m ablatlas.data fetch {wildcards.dataset} --out {output}"
