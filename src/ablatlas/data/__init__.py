"""Real datasets, every byte pinned: what there is, where it lies, how it is fetched, and what it decodes to.

`registry` names every file with its size and SHA-256, `store` finds and verifies files, `fetch` brings them,
`images` and `corpora` hold one loader a dataset, `tokens` the tokenizers. A loader never reaches for the network.

    python -m ablatlas.data                       what there is, and where each dataset lies
    python -m ablatlas.data fetch mnist cifar10   fetch two of them
"""
