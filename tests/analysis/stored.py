"""A cell whose files lie in a folder, written by the store's own routines but without a store."""

import math
from array import array
from dataclasses import replace

from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tuning.store.spectra import Parts, merge


class Stored:
    """Two completed confirmation runs of one cell, their files as the store writes them."""

    def __init__(self, folder, epochs, kept, routines=("svd",), lost=()):
        runs = [
            synthetic.Run(phase="confirm", architecture="mlp-small", condition="baseline", index=index)
            for index in range(2)
        ]
        for run in runs:
            (folder / run.key).mkdir()
            parts = Parts(folder / run.key)
            for epoch in epochs:
                layers = synthetic.epoch_record(run, epoch).layers
                routine = routines[epoch % len(routines)]
                layers = [replace(layer, routine=routine) for layer in layers]
                if epoch not in kept:
                    layers = [replace(layer, singular_values=array("f")) for layer in layers]
                if epoch in lost:
                    nothing = {"measures": {}, "routine": "gram: none converged"}
                    layers = [replace(layer, singular_values=array("f", [math.nan]), **nothing) for layer in layers]
                parts.write("k", epoch, layers)
            merge(parts.of("k"), folder / run.key, lambda name: None)
        self.folder = folder
        self.tables = replace(in_memory([synthetic.with_records(run) for run in runs]), fetch=self.fetch)

    def fetch(self, run_id, name):
        return self.folder / run_id / name
