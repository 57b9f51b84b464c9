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
controls = ""  # what the controls of this version found; not run if empty

# %%
view = load(study, scale, results, root, controls)
sections.head(view)

# %%
sections.asked(view)

# %%
sections.answers(view)

# %% [markdown]
# ## Verdict

# %%
sections.verdict(view)

# %%
sections.main_figure(view, figure)

# %%
sections.verdicts(view)

# %% [markdown]
# ## Other ladders

# %%
sections.other_ladders(view)

# %% [markdown]
# ## From steps to joules

# %%
sections.chain(view)

# %% [markdown]
# ## Learning curves

# %%
sections.curves(view)

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
sections.not_shown(view)

# %% [markdown]
# ## Runs behind the numbers

# %%
sections.traced(view)

# %% [markdown]
# ## Registration

# %%
sections.registration(view)

# %% [markdown]
# ## Provenance and how to cite

# %%
sections.provenance(view)
