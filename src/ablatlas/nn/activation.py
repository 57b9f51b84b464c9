"""Element-wise nonlinearities. Each takes and gives any shape."""

from torch import nn

relu = nn.ReLU
tanh = nn.Tanh
sigmoid = nn.Sigmoid
softplus = nn.Softplus
gelu = nn.GELU
