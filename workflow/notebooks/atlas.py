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
from ablatlas.report import atlas

# %% tags=["parameters"]
results: list[str] = []  # results files, one a study
figure = ""  # where the headline figure is written, less its suffix; nowhere if empty
root = "."  # the repository
controls = ""  # what the controls of this version found; not run if empty

# %%
studies = atlas.load(results)
atlas.head(studies, controls)

# %%
atlas.main_figure(studies, figure)

# %% [markdown]
# ## How to read it

# %%
atlas.reading()

# %% [markdown]
# ## Studies

# %%
atlas.studies_table(studies, root)

# %% [markdown]
# ## Claimed and measured

# %%
atlas.claims(studies)

# %% [markdown]
# ## Constraint by constraint

# %%
atlas.forests(studies)

# %% [markdown]
# ## Year by year

# %%
atlas.timeline(studies, root)

# %% [markdown]
# ## Where essays and papers disagree

# %%
atlas.disputed(studies, root)

# %% [markdown]
# ## Controls

# %%
atlas.controlled(controls)

# %% [markdown]
# ## Runs and cost

# %%
atlas.cost(studies)
