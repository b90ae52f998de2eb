"""Segmentation as code: the model file, from YAML to a `Model`, or by file, line and key to what is wrong with it.

`load(path)` or `parse(text, source)` give a `Model`, or raise `ModelError` with every problem found. On the way:

    source       the YAML as plain data, and the line of everything in it
    shape        `Model`: a pydantic type per section, the larger ones in a file each that is called like the section
    messages     pydantic's findings as sentences
    references   what types alone cannot see: names that lead nowhere, keys used twice, cells left out
    reading      all of these in a row

Conditions are written in a small language (`conditions`), on fields that `fields` lists; `schemes` are ready parts for
the section `tiers`. Ready models are in `scoring.presets`.
"""

from scoring.model.errors import ModelError, Problem
from scoring.model.reading import load, parse
from scoring.model.shape import Model

__all__ = ["Model", "ModelError", "Problem", "load", "parse"]
