"""What was learnt of a recording, so that others can be judged by it; a file of numbers and text keeps it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import acm_dispatch

from .detectors import DetectorModel
from .errors import UnusableData
from .fusion import Usual
from .recording import Recording
from .regimes import RegimeModel
from .scoring import Scales
from .shifts import ShiftModel

#: Of the file's layout; a file of another one is refused.
_LAYOUT = 1


class Model(NamedTuple):
    """Everything that was learnt, for the sensors called `names`."""

    names: tuple[str, ...]
    regimes: RegimeModel
    detectors: DetectorModel
    usual: Usual
    shifts: ShiftModel


#: What a field of a model is made of; anything else is an array, a number or a tuple of them.
_KINDS: dict[str, Any] = {
    "regimes": RegimeModel,
    "detectors": DetectorModel,
    "usual": Usual,
    "shifts": ShiftModel,
    "levels": Scales,
    "features": Scales,
    "innovations": Scales,
    "plane": acm_dispatch.PCAModel,
    "forest": acm_dispatch.IsolationForest,
}


def save_model(path: Path, model: Model) -> None:
    """Write a model as a NumPy archive without pickled objects."""
    arrays = _arrays("", model._replace(names=()))
    about = json.dumps({"layout": _LAYOUT, "names": model.names})
    with path.open("wb") as file:
        np.savez_compressed(file, about=np.array(about), **arrays)


def load_model(path: Path) -> Model:
    """The model in a file of `save_model`.

    Raises
    ------
    UnusableData
        If the file is missing, no such archive, or of another layout.
    """
    if not path.is_file():
        raise UnusableData(f"model {path} does not exist" if not path.exists() else f"model {path} is not a file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = json.loads(str(arrays["about"]))
        if about["layout"] != _LAYOUT:
            raise UnusableData(f"model {path} has layout {about['layout']}; expected {_LAYOUT}: fit it anew")
        names = tuple(map(str, about["names"]))
        model = _made(Model, "", {"names": np.array([]), **arrays})._replace(names=names)
    except UnusableData:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UnusableData(f"{path} is no model; expected a file that --save-model wrote ({error})") from error
    _require_whole(path, model)
    return model


def columns_for(model: Model, recording: Recording) -> list[int]:
    """Where the recording has the model's sensors.

    Raises
    ------
    UnusableData
        If it lacks one.
    """
    if missing := [name for name in model.names if name not in recording.names]:
        raise UnusableData(
            f"{recording.source} lacks sensors of the model: {', '.join(map(repr, missing[:6]))}; "
            f"it has {', '.join(map(repr, recording.names[:6]))}"
        )
    return [recording.names.index(name) for name in model.names]


def _arrays(prefix: str, part: Any) -> dict[str, Any]:
    """The fields of nested named tuples as arrays by dotted names; a field that is None is left out."""
    found: dict[str, Any] = {}
    for name, value in part._asdict().items():
        if name in _KINDS:
            found |= _arrays(f"{prefix}{name}.", value)
        elif value is not None:
            found[prefix + name] = np.asarray(value)
    return found


def _made(kind: Any, prefix: str, arrays: dict[str, Any]) -> Any:
    fields: dict[str, Any] = {}
    for name in kind._fields:
        if name in _KINDS:
            fields[name] = _made(_KINDS[name], f"{prefix}{name}.", arrays)
        elif prefix + name in arrays:
            value = arrays[prefix + name]
            fields[name] = value.item() if value.ndim == 0 else value
    return kind(**fields)


def _require_whole(path: Path, model: Model) -> None:
    """Refuse a file whose parts do not fit each other, before a kernel is given them."""
    width, regimes = len(model.names), len(model.regimes.centres)
    shapes = {
        "regimes.medians": (model.regimes.medians.shape, (regimes, width)),
        "regimes.scales": (model.regimes.scales.shape, (regimes, width)),
        "regimes.levels": (model.regimes.levels.centre.shape, (width,)),
        "detectors.phi": (model.detectors.phi.shape, (width,)),
        "detectors.precision": (model.detectors.precision.shape, (width, width)),
        "detectors.plane": (model.detectors.plane.mean.shape, model.detectors.features.centre.shape),
        "usual": (model.usual.centre.shape[:2], (regimes, 2)),
        "shifts": (model.shifts.centre.shape, (len(model.shifts.windows), width)),
    }
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise UnusableData(f"model {path} is damaged: {name} has shape {found}; expected {expected}")
