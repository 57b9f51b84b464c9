"""Models: `model: x` in a study is `models/x.py`, whose `Model` takes the keys of `params/model/x.yaml`.

A model draws its initial values in `initialise`, counts the FLOPs of one example's forward pass in `flops`
(two a multiply-add, matrix products only), where it is not twice as many also those of the backward pass in
`backward`, and lists in `layers` the modules whose gradients are logged by depth.
"""
