"""The engine: one run, from a resolved configuration and a seed to a curve, an outcome and its meters."""

import gc
from importlib import import_module

# torch makes two hundred thousand objects as it is imported, and they stay as long as the process. To look for garbage
# among them, while they come and when the process ends, costs more than half a processor second.
gc.disable()
import_module("torch")
gc.freeze()
gc.enable()
