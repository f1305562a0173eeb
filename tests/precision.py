"""Batches in the precision of a network, for tests that compare two ways to add."""

from skillscale.lab.parity import Batch


def cast(source, dtype):
    """Return a source of the same batches with bits, targets and weights of this type."""

    def of_type(step):
        fields = source(step)
        return Batch(
            *(f if f is None or not f.is_floating_point() else f.to(dtype) for f in fields)
        )

    return of_type
