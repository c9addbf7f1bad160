"""Statistics of moving windows; importing it registers their kernels."""

from . import moments as moments
from . import order as order
