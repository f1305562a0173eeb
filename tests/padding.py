"""Which parameters of an ensemble are real, and which fill up narrower members."""

import torch


def real(model):
    """Return boolean tensors shaped like the parameters: True where a parameter is real."""
    masks = [torch.zeros(p.shape, dtype=torch.bool) for p in model.parameters]
    for member, width in enumerate(model.widths):
        for mask, (rows, columns) in zip(masks, model._shapes(width), strict=True):
            mask[member, :rows, :columns] = True
    return masks
