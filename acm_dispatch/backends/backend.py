"""A backend: a name, and kernels for some of the operations.

A manifest (the object an entry point names) is light: it says which modules hold the kernels; they are imported when
the first call needs them. In those modules each kernel registers itself:

    @backend.kernel("zscore")
    def zscore(x, center, scale, method, ddof, floor, clip): ...

A kernel takes the operation's parameters in order, positionally, without ``backend``. It may assume that arrays are
canonical, shapes fit, options are valid and nothing is empty; it never writes into its inputs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar, cast

from ..contract import authoring
from ..errors import DeclarationError, shown
from . import forksafe

F = TypeVar("F", bound=Callable[..., Any])
Accuracy = Literal["bitwise", "tolerance", "relaxed"]

#: From strictest to loosest: a policy that asks for one class accepts those before it.
ACCURACIES: tuple[Accuracy, ...] = ("bitwise", "tolerance", "relaxed")

#: The real dtypes that kernels meet.
REAL = ("float64", "float32")


class Call:
    """What a kernel's `supports` may decide on: never the data.

    Attributes
    ----------
    operation, dtype : str
    work : int
        About so many units.
    options : dict
        The arguments that are not arrays, by name.
    dims : dict
        The sizes of the dimensions, by name. Where a kernel looks at them, the choice is made anew for each call, since
        plans are kept by amount of work.
    """

    __slots__ = ("_dims", "dtype", "looked_at_sizes", "operation", "options", "work")

    def __init__(
        self, operation: str, dtype: str, work: int, options: dict[str, Any], dims: Mapping[str, int] | None = None
    ) -> None:
        self.operation = operation
        self.dtype = dtype
        self.work = work
        self.options = options
        self._dims = dict(dims or {})
        self.looked_at_sizes = False

    @property
    def dims(self) -> dict[str, int]:
        """The sizes of the dimensions, by name."""
        self.looked_at_sizes = True
        return self._dims


@dataclass(slots=True, eq=False)
class Kernel:
    """One implementation of one operation; a backend may have several, of which the first that takes a call runs it."""

    operation: str
    function: Callable[..., Any]
    name: str = ""
    dtypes: tuple[str, ...] = REAL
    accuracy: Accuracy = "tolerance"
    checks_finite: bool = False
    opt_in: bool = False
    supports: Callable[[Call], str | None] | None = None
    #: Whether it is the operation's own body, which takes every call and stands after all others.
    is_reference: bool = False
    #: The sentence why it is not chosen for the rest of the process; None as long as it is.
    out_of_use: str | None = None

    def label(self, backend: str) -> str:
        """The backend, and where that is not the operation's the kernel's own name."""
        return backend if self.name == self.operation else f"{backend}/{self.name}"


def reason_of(answer: Any) -> str | None:
    """A refusal as a sentence: None, or a text, which a plugin may have forgotten to write."""
    if answer is None or (isinstance(answer, str) and answer):
        return answer
    return f"declined, answering {shown(answer)} where None or a sentence was expected"


#: Called when a backend that is in use gets another kernel.
on_late_kernel: list[Callable[[], None]] = []


def _nothing_more() -> str:
    return ""


def _always() -> None:
    return None


def _as_it_is(array: Any) -> Any:
    return array


def _ignore_threads(function: Callable[..., Any], threads: int) -> Callable[..., Any]:
    return function


class CompiledKernels(Protocol):
    """Operation and dtype of kernels that need not be compiled: a set that may outlive the process."""

    def __contains__(self, kernel: tuple[str, str], /) -> bool: ...
    def add(self, kernel: tuple[str, str], /) -> None: ...


class Backend:
    """A named set of kernels.

    Parameters
    ----------
    name : str
        What users write in ``use("...")``; the entry point has the same name.
    modules : sequence of str
        Imported on first need; importing them registers the kernels.
    available : callable, optional
        None, or the sentence why this machine cannot run the backend ("no CUDA device"). Must be quick and must not
        import anything heavy where it can be avoided.
    bind : callable ``(function, threads) -> function``, optional
        Ties a kernel to a number of threads; by default the number is ignored.
    arrays : str, default "numpy"
        The array kind its kernels take and return: "numpy", or the package of a device array ("cupy").
    to_device, to_host : callable, optional
        Copies between NumPy and `arrays`, for backends whose arrays are not NumPy's.
    thread_invariant : bool, default True
        Whether its results are the same, bit for bit, on any number of threads. False where sums are left to a library
        that does not promise it (BLAS): the conformance kit then compares them within the tolerance.
    engine : callable ``(subject, arguments) -> result``, optional
        Takes calls on arrays of the kind `arrays` that are in blocks and not computed yet, and gives others like them;
        it has no kernels then. `arguments` have the call's by name, `subject` is the operation or composition.
    by_place : sequence of str, optional
        Operations of which a row's last digits depend on the rows around it (on its place in a tile, say), and not on
        itself and its window alone: the kit compares results of blocks of rows with the whole's within the tolerance.
    refuses : mapping of str to str, optional
        Operations that it leaves to others for good, with the sentence why; `explain` shows it.
    tiles : sequence of int, optional
        Sizes at which its kernels change their ways (rows of a tile, columns of a panel): the conformance kit draws
        shapes about them.
    version : str, optional
        Shown by `doctor`.
    build : callable, optional
        What its speed depends on besides its version, as a text: the instruction set in use, the version of a compiler.
        Measured costs count as long as it stays the same.
    compiled : set of (str, str), optional
        For backends that compile a kernel in its first call: operation and dtype of those whose machine code is on
        disk; what has run is added. The first call of a kernel counts as much longer as was measured.
    profile : path, optional
        The costs of its kernels, and of NumPy's for comparison, as ``acm-dispatch profile export`` writes them. They
        hold where nothing has been measured on the machine itself.

    Attributes
    ----------
    started : set of (str, str)
        Operation and dtype of kernels whose start no longer counts.
    importing : float
        Seconds that the import of its kernels took in this process; 0 before.
    forgone : dict
        Seconds that calls took longer elsewhere, because they did not pay for the start of a kernel.
    """

    def __init__(
        self,
        name: str,
        *,
        modules: Sequence[str] = (),
        available: Callable[[], str | None] = _always,
        bind: Callable[[Callable[..., Any], int], Callable[..., Any]] = _ignore_threads,
        arrays: str = "numpy",
        to_device: Callable[[Any], Any] | None = None,
        to_host: Callable[[Any], Any] | None = None,
        thread_invariant: bool = True,
        engine: Callable[..., Any] | None = None,
        by_place: Sequence[str] = (),
        refuses: Mapping[str, str] = MappingProxyType({}),
        tiles: Sequence[int] = (),
        version: str = "",
        build: Callable[[], str] = _nothing_more,
        compiled: CompiledKernels | None = None,
        profile: str | os.PathLike[str] | None = None,
    ) -> None:
        if not isinstance(cast("Any", name), str) or not name.isidentifier() or name != name.lower():
            raise DeclarationError(f"backend name {shown(name)}: expected a lower-case identifier")
        where = f"backend {name}"
        authoring.a_function(f"{where}: available", available, arguments=0)
        authoring.a_function(f"{where}: bind", bind, arguments=2)
        authoring.a_type(f"{where}: arrays", arrays, str, "a kind of arrays, such as 'numpy' or 'cupy'")
        authoring.a_function(f"{where}: to_device", to_device, arguments=1, optional=True)
        authoring.a_function(f"{where}: to_host", to_host, arguments=1, optional=True)
        authoring.a_type(f"{where}: thread_invariant", thread_invariant, bool, "True or False")
        authoring.a_type(f"{where}: version", version, str, "a text")
        authoring.a_function(f"{where}: build", build, arguments=0)
        if arrays != "numpy" and not (to_device and to_host):
            raise DeclarationError(f"backend {name}: {arrays} arrays need `to_device` and `to_host`")
        self.name = name
        self.modules = authoring.texts(f"{where}: modules", modules)
        self.available = available
        self.bind = bind
        self.arrays = arrays
        self.to_device = to_device or _as_it_is
        self.to_host = to_host or _as_it_is
        self.thread_invariant = thread_invariant
        authoring.a_function(f"{where}: engine", engine, arguments=2, optional=True)
        self.engine = engine
        self.by_place = authoring.texts(f"{where}: by_place", by_place)
        self.refuses = authoring.text_by_name(f"{where}: refuses", refuses)
        self.tiles = tuple(tiles)
        self.version = version
        self.build = build
        self.compiled = compiled
        self.profile = profile
        self.started: set[tuple[str, str]] = set()
        self.importing = 0.0
        self.forgone: dict[tuple[str, str], float] = {}
        self._kernels: dict[str, tuple[Kernel, ...]] = {}
        self._loading = forksafe.Lock()
        self._loaded = False

    def __repr__(self) -> str:
        return f"Backend({self.name!r})"

    def kernel(
        self,
        operation: str,
        *,
        name: str | None = None,
        dtypes: Sequence[str] = REAL,
        accuracy: Accuracy = "tolerance",
        checks_finite: bool = False,
        opt_in: bool = False,
        supports: Callable[[Call], str | None] | None = None,
    ) -> Callable[[F], F]:
        """Decorator: registers the function as a kernel of this backend for `operation`.

        A backend may have several for one operation, each under its own name; the first of them, in the order of their
        registration, that takes a call runs it: the special ones stand before the general one.

        Parameters
        ----------
        operation : str
        name : str, optional
            What `explain`, plans and traces call it; by default the function's name. A function of the same module and
            name takes the place of the one before (a cell that is run twice).
        dtypes : sequence of str
            Real dtypes it takes; other calls are declined.
        accuracy : {"bitwise", "tolerance", "relaxed"}
            Equal to the reference bit for bit, within the operation's tolerance, or only within its relaxed one (then
            it runs only under a policy that says ``accuracy="relaxed"``). The conformance kit tests the claim.
        checks_finite : bool
            The kernel itself raises `InvalidInput` for NaN and infinity where the contract forbids them, so that no
            pass before it has to look.
        opt_in : bool
            It runs only where its backend is named (``use``, ``set_backend``, ``backend=``): for what others do as
            fast.
        supports : callable, optional
            Takes a `Call`; answers None, or the decline as a sentence.
        """
        expected = 'a name, as in @backend.kernel("zscore")'
        authoring.a_type(f"backend {self.name}: a kernel's operation", operation, str, expected)
        where = f"backend {self.name}: the kernel for {shown(operation)}"
        if not isinstance(cast("Any", accuracy), str) or accuracy not in ACCURACIES:
            raise DeclarationError(
                f"backend {self.name}: accuracy {shown(accuracy)} of {operation} is none of {ACCURACIES}"
            )
        names = () if isinstance(dtypes, str) else authoring.texts(f"{where}: dtypes", dtypes)
        if not names or not set(names) <= set(REAL):
            raise DeclarationError(f"backend {self.name}: dtypes {shown(dtypes)} of {operation} are not among {REAL}")
        authoring.a_type(f"{where}: checks_finite", checks_finite, bool, "True or False")
        authoring.a_type(f"{where}: opt_in", opt_in, bool, "True or False")
        if name is not None:
            authoring.a_type(f"{where}: name", name, str, "a text")
        authoring.a_function(f"{where}: supports", supports, arguments=1, optional=True)

        def register(function: F) -> F:
            authoring.a_function(where, function)
            own = name or getattr(function, "__name__", operation).strip("_")
            self.add(Kernel(operation, function, own, names, accuracy, checks_finite, opt_in, supports))
            return function

        return register

    def add(self, kernel: Kernel) -> None:
        """Register a kernel that is already described."""
        authoring.a_type(f"backend {self.name}: what is added", kernel, Kernel, "a Kernel")
        authoring.a_type(f"backend {self.name}: a kernel's operation", kernel.operation, str, "a name")
        self._kernels[kernel.operation] = self._with(self._kernels.get(kernel.operation, ()), kernel)
        if self._loaded:
            for notify in on_late_kernel:
                notify()

    def _with(self, known: tuple[Kernel, ...], kernel: Kernel) -> tuple[Kernel, ...]:
        """`known` and the new kernel: in the place of the one of its name, else after all but the reference."""
        names = [other.name for other in known]
        if kernel.name in names:
            place = names.index(kernel.name)
            home = getattr(kernel.function, "__module__", None)
            if home != (other := getattr(known[place].function, "__module__", None)):
                raise DeclarationError(
                    f"backend {self.name}: two kernels for {kernel.operation} are called {kernel.name!r}, in {other} "
                    f"and {home}; `name=` tells them apart"
                )
            return (*known[:place], kernel, *known[place + 1 :])
        last = tuple(other for other in known if other.is_reference)
        return (*known[: len(known) - len(last)], kernel, *last)

    @property
    def is_loaded(self) -> bool:
        """Whether its kernels are imported."""
        return self._loaded

    @property
    def kernels(self) -> dict[str, tuple[Kernel, ...]]:
        """Kernels by operation name, each operation's in their order; the first look imports `modules`."""
        if not self._loaded:
            with self._loading:
                begun = perf_counter()
                for module in self.modules:
                    import_module(module)
                self.importing = perf_counter() - begun
                self._loaded = True
        return self._kernels
