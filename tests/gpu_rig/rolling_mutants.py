"""Kernels of moving windows altered: the family, what stands there, what takes its place, and calls that run it."""

from __future__ import annotations

from typing import Any

from rolling_calls import (
    rolling_kurt,
    rolling_max,
    rolling_mean,
    rolling_of_every_size,
    rolling_skew,
    rolling_slope,
    rolling_std,
)

MUTANTS: dict[str, tuple[str, str, str, tuple[Any, ...]]] = {
    "a window is a row too long": ("rolling", "row + k - reach);", "row + k - reach - 1);", (rolling_mean,)),
    "a window is a group too short": ("rolling", "g < groups; g++", "g < groups - 1; g++", (rolling_mean,)),
    "rows beside whole groups are left out": (
        "rolling",
        "if (shared % GROUP) add_rows",
        "if (false) add_rows",
        (rolling_mean,),
    ),
    "short windows are as long as a group": (
        "rolling",
        "!inside ? no_number()",
        "false ? no_number()",
        (rolling_mean,),
    ),
    "the ring has an end": ("rolling", "entry ? entry - 1 : depth - 1", "entry ? entry - 1 : 0", (rolling_mean,)),
    "nothing before a chunk": ("rolling", "(groups + at.slots - 1) / at.slots * at.slots", "0", (rolling_mean,)),
    "no barrier before the ring is read": (
        "rolling",
        "((const double*)&part)[f];\n    __syncthreads();",
        "((const double*)&part)[f];",
        (rolling_max,),
    ),
    "no barrier before the ring is written": (
        "rolling",
        "(column, last, options);\n      }\n    }\n    __syncthreads();",
        "(column, last, options);\n      }\n    }",
        (rolling_max,),
    ),
    "columns beyond the last are stored": ("rolling", "at.column < d && row < n", "row < n", (rolling_max,)),
    "rows beyond the last are stored": ("rolling", "j < GROUP && row + j < column.n", "j < GROUP", (rolling_max,)),
    "too few values give a result": ("rolling", "n < options.least_count || ", "", (rolling_mean,)),
    "ddof is left out": ("rolling", "squares / (n - options.ddof)", "squares / n", (rolling_std,)),
    "no spread between groups": (
        "rolling",
        "powers[0] += b.powers[0] + between;",
        "powers[0] += b.powers[0];",
        (rolling_std,),
    ),
    "cubes lean to the wrong side": ("rolling", "(between * (p - q)", "(between * (q - p)", (rolling_skew,)),
    "fourths without the cubes": (
        "rolling",
        " + 4 * distance * (p * b.powers[1] - q * powers[1])",
        "",
        (rolling_kurt,),
    ),
    "constant windows have a shape": (
        "rolling",
        "if (squares == 0) return no_number();",
        "if (squares == 0) return 0;",
        (rolling_skew,),
    ),
    "trends without what lies between": ("rolling", "weight * distance;", "0;", (rolling_slope,)),
    "times of other rows": ("rolling", "rows[k] = place - column.chunk;", "rows[k] = k;", (rolling_slope,)),
    "a greatest value of nothing": ("rolling", "GREATEST ? -endless() : endless()", "0", (rolling_max,)),
    "no unit": ("rolling", "if (exponent_of(part.size()))", "if (false)", (rolling_of_every_size,)),
    "a result left in its unit": (
        "rolling",
        "ldexp(part.result(options), Part::DEGREE * exponent)",
        "part.result(options)",
        (rolling_of_every_size,),
    ),
    "a shape times its unit": ("rolling", "ORDER < 3 ? 1 : 0", "1", (rolling_of_every_size,)),
}
