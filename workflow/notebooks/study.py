# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
from ablatlas.report import sections
from ablatlas.report.view import load

# %% tags=["parameters"]
study = "residual"
scale = "laptop"
results = ""  # the study's results file
root = "."  # the repository
figure = ""  # where the main figure is written, less its suffix; nowhere if empty

# %%
view = load(study, scale, results, root)
sections.head(view)

# %% [markdown]
# ## Verdict

# %%
sections.verdict(view)

# %%
sections.main_figure(view, figure)

# %%
sections.verdicts(view)

# %% [markdown]
# ## Learning curves

# %%
sections.curves(view)

# %%
sections.other_ladders(view)

# %% [markdown]
# ## Mechanism

# %%
sections.mechanism(view)

# %% [markdown]
# ## What was held equal

# %%
sections.equal(view)

# %% [markdown]
# ## Other contrasts

# %%
sections.contrasts(view)

# %% [markdown]
# ## Run states

# %%
sections.states(view)

# %% [markdown]
# ## Tuning

# %%
sections.ledger(view)

# %% [markdown]
# ## Expected, published, measured

# %%
sections.beside(view)

# %% [markdown]
# ## Limits

# %%
sections.limits(view)

# %% [markdown]
# ## Registration

# %%
sections.registration(view)

# %% [markdown]
# ## Provenance and how to cite

# %%
sections.provenance(view)
