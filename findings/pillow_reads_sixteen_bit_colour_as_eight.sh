#!/usr/bin/env bash
# Pillow 13.0.0: a PNG of 16 bits a channel is opened in mode RGB, its lower bytes gone, where 16-bit grey keeps them.
#
# A good guess is that `Image.mode` tells images that a pipeline of 8 bits cannot hold: grey of 16 bits has the mode
# "I;16" and all its values. Colour of 16 bits has the mode "RGB" of ordinary images, each value with its upper byte
# alone and no warning; only the file's header tells. Who must not lose bits reads the bit depth from the header.
#
# Output seen: "grey: I;16 4660; colour: RGB (18, 18, 18)", for 4660 = 0x1234 in every channel and 18 = 0x12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pillow==13.0.0'
cd "$folder"
venv/bin/python -W error - <<'PY'
import struct
import zlib

from PIL import Image


def png(name, colour, channels):
    row = b"\0" + b"\x12\x34" * channels * 4

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 4, 4, 16, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b"")
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + parts)
    return Image.open(name)


grey, colour = png("grey.png", 0, 1), png("colour.png", 2, 3)
print(f"grey: {grey.mode} {grey.getpixel((0, 0))}; colour: {colour.mode} {colour.getpixel((0, 0))}")
assert (grey.mode, grey.getpixel((0, 0))) == ("I;16", 0x1234)
assert (colour.mode, colour.getpixel((0, 0))) == ("RGB", (0x12, 0x12, 0x12))
PY
