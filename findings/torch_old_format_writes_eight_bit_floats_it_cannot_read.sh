#!/usr/bin/env bash
# torch 2.13.0: in the format before zip files, `torch.save` writes tensors of float8 and `torch.load` cannot read them.
#
# `_use_new_zipfile_serialization=False` is still asked for where a file must be read by an old torch. Of bfloat16 such a
# file is read again; of float8 it is written without a word, and no way of loading takes it, `weights_only=False` neither.
# The file is not damaged, and what torch says of it names neither the format nor the type.
#
# Output seen: "type object 'torch.storage.UntypedStorage' has no attribute 'dtype'".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'torch==2.13.0' numpy
"$folder/venv/bin/python" - <<'PY'
import io

import torch

for dtype in (torch.bfloat16, torch.float8_e4m3fn):
    file = io.BytesIO()
    torch.save({"weight": torch.ones(1).to(dtype)}, file, _use_new_zipfile_serialization=False)
    file.seek(0)
    try:
        torch.load(file, weights_only=True)
    except AttributeError as error:
        print(error)
        assert dtype is torch.float8_e4m3fn
    else:
        assert dtype is torch.bfloat16, "float8 is read now"
PY
