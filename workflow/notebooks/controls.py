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
from ablatlas.report import controls

# %% tags=["parameters"]
results = ""  # what the controls found
figure = ""  # where the figure of A/A is written, less its suffix; nowhere if empty

# %%
found = controls.load(results)
controls.head(found)

# %% [markdown]
# ## An arm against itself

# %%
controls.aa(found, figure)

# %% [markdown]
# ## Changes that cannot matter

# %%
controls.listed(found, "null")

# %% [markdown]
# ## Known answers

# %%
controls.doses(found)

# %% [markdown]
# ## Simulated truth

# %%
controls.synthetic(found)

# %% [markdown]
# ## Uniform penalties

# %%
controls.listed(found, "uniform")

# %% [markdown]
# ## The same seed twice

# %%
controls.listed(found, "twice")

# %% [markdown]
# ## Anchors

# %%
controls.listed(found, "anchors")
