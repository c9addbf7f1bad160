"""The commands and their options; errors become one sentence and exit code 2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import acm_dispatch

from .console import console, errors_as_sentences, plain_warnings, tolerant_streams


class _Sentences(TyperGroup):
    """Commands whose errors are told, not traced."""

    def invoke(self, ctx: Any) -> Any:
        with errors_as_sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Sentences,
    help="Array operations, each call run by the fastest correct implementation present.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run() -> None:
    """Run the command line as a program."""
    plain_warnings()
    tolerant_streams()
    app(prog_name="acm-dispatch")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(acm_dispatch.__version__)
        raise typer.Exit


@app.callback()
def _common(  # pyright: ignore[reportUnusedFunction] - typer calls it
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def info(
    operation: Annotated[
        str | None, typer.Argument(help="Tell all about this one: contract, options, kernels.")
    ] = None,
) -> None:
    """Operations and the backends that can run them; with a name, what one is and what a kernel for it is given."""
    if operation is None:
        from .info import operations_table

        console().print(operations_table())
        return
    from .info import description

    console().print(description(operation), markup=False, highlight=False, soft_wrap=True)


@app.command()
def doctor() -> None:
    """What is installed, what is not and why; versions, threads, settings."""
    from .doctor import examine

    examine(console())


@app.command()
def explain(
    operation: Annotated[str, typer.Argument(help="Name of an operation, as `acm-dispatch info` lists them.")],
    shape: Annotated[list[str], typer.Option(help="Shape of an array: 10000x50. Once for each array, in order.")],
    dtype: Annotated[str, typer.Option(help="Type of the arrays' elements.")] = "float64",
    option: Annotated[list[str] | None, typer.Option(help="Another argument: method=robust.")] = None,
    backend: Annotated[str | None, typer.Option(help="Only this backend, as with backend= in a call.")] = None,
) -> None:
    """Which backend would run a call on arrays of these shapes, and why the others would not."""
    from .explain import explanation

    text = explanation(operation, shape, dtype, option or [], backend)
    console().print(text, markup=False, highlight=False, soft_wrap=True)


@app.command()
def bench(
    operation: Annotated[str, typer.Argument(help="Name of an operation, as `acm-dispatch info` lists them.")],
    shape: Annotated[list[str], typer.Option(help="Shape of an array: 10000x50. Once for each array, in order.")],
    dtype: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
    option: Annotated[list[str] | None, typer.Option(help="Another argument: method=robust.")] = None,
    backends: Annotated[str | None, typer.Option(help="Only these: rust,numpy.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of every backend; by default all there are.")] = None,
    seconds: Annotated[float, typer.Option(help="How long the rounds may take.")] = 2.0,
) -> None:
    """Time one call on several backends, in turns, each result checked first; nothing is kept."""
    from .bench import bench_table
    from .tune import listed

    console().print(bench_table(operation, shape, dtype, option or [], listed(backends), threads, seconds))


@app.command()
def tune(
    seconds: Annotated[float, typer.Option(help="How long the run may take.")] = 60.0,
    ops: Annotated[str | None, typer.Option(help="Only these operations: zscore,impute.")] = None,
    backends: Annotated[str | None, typer.Option(help="Only these backends.")] = None,
    dtypes: Annotated[str | None, typer.Option(help="Only these of float64,float32.")] = None,
    threads: Annotated[str | None, typer.Option(help="Thread budgets to measure: 1,4.")] = None,
    sizes: Annotated[str | None, typer.Option(help="Numbers in the first array: 1000,1000000.")] = None,
    workload: Annotated[
        Path | None, typer.Option(help="Measure the calls in this file, which ACM_DISPATCH_WORKLOAD=FILE records.")
    ] = None,
    profile: Annotated[Path | None, typer.Option(help="The file to write, instead of this machine's own.")] = None,
    for_image: Annotated[
        bool, typer.Option("--for-image", help="Write the profile of this Python environment, to be shipped with it.")
    ] = False,
) -> None:
    """Measure which kernel is fastest on this machine, and keep it for all later calls."""
    from .options import whole_numbers
    from .tune import listed, run_tuning

    run_tuning(
        console(),
        seconds,
        profile,
        for_image,
        operations=listed(ops),
        backends=listed(backends),
        dtypes=listed(dtypes),
        threads=whole_numbers("--threads", listed(threads)),
        sizes=whole_numbers("--sizes", listed(sizes)),
        workload=workload,
    )


@app.command()
def freeze(
    lock: Annotated[Path, typer.Argument(help="The file to write, for use(profile=...) or ACM_DISPATCH_PROFILE.")],
    workload: Annotated[Path, typer.Option(help="The calls, as ACM_DISPATCH_WORKLOAD=FILE records them.")],
) -> None:
    """Write down which kernel runs each call of a workload, so that other runs make the same choices."""
    console().print(str(acm_dispatch.freeze(lock, workload)), markup=False, highlight=False, soft_wrap=True)


@app.command()
def warmup(
    ops: Annotated[str | None, typer.Option(help="Only these operations: zscore,impute.")] = None,
    backends: Annotated[str | None, typer.Option(help="Only these backends.")] = None,
    dtypes: Annotated[str, typer.Option(help="Of the arrays.")] = "float64,float32",
) -> None:
    """Compile what is compiled in first calls (Numba's kernels), so that no program waits for it."""
    from .tune import listed, run_warm_up

    run_warm_up(console(), listed(ops), listed(backends), listed(dtypes))


@app.command()
def report(
    profile: Annotated[
        Path | None, typer.Option(help="The profile to show, instead of the one that calls here go by.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="A saved trace: of `run --trace-file`, or what `Trace.to_json()` gives.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("report.html"),
    figures: Annotated[Path | None, typer.Option(help="A folder that gets every figure as PNG, too.")] = None,
    dtype: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
) -> None:
    """Draw a profile, and where the time of a trace went, into one HTML file: costs, crossovers, gains over NumPy."""
    from .report import write_report

    write_report(profile, trace, output, figures, dtype)


profiles = typer.Typer(help="What kernels were measured to cost on this machine.", no_args_is_help=True)
app.add_typer(profiles, name="profile")


@profiles.command("show")
def profile_show(
    operation: Annotated[str | None, typer.Argument(help="Tell all figures of this one.")] = None,
) -> None:
    """The profiles in force and how many of their entries count."""
    from .profile import show

    show(console(), operation)


@profiles.command("path")
def profile_path() -> None:
    """The file of this machine."""
    from ..selection.profile import user_path

    typer.echo(user_path())


@profiles.command("merge")
def profile_merge(files: Annotated[list[Path], typer.Argument(help="Profiles, of this or of other machines.")]) -> None:
    """Take entries of other files into this machine's profile."""
    from .profile import merge

    merge(files)


@profiles.command("prune")
def profile_prune() -> None:
    """Remove entries that do not count any more: of other versions, of backends that are gone."""
    from .profile import prune

    prune()


@profiles.command("reset")
def profile_reset() -> None:
    """Remove this machine's profile."""
    from .profile import reset

    reset()


@profiles.command("export")
def profile_export(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    backends: Annotated[str | None, typer.Option(help="Only these backends, and NumPy to compare by.")] = None,
) -> None:
    """Write this machine's profile to a file, to be shipped with a container or a plugin."""
    from .profile import export
    from .tune import listed

    export(file, listed(backends))


@app.command("new")
def new_plugin(
    name: Annotated[str, typer.Argument(help="Of the package, of its backend, and of the folder.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it; by default a folder of its name here.")
    ] = None,
) -> None:
    """Write a distribution with a backend and an operation of its own, to begin from."""
    from .new import new_distribution

    for path in new_distribution(name, folder or Path(name)):
        typer.echo(path)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def demo(context: typer.Context) -> None:
    """Condition monitoring of a sensor recording: runs `acm-monitor`, of the distribution acm-dispatch-monitor."""
    from .demo import run_monitor

    run_monitor(context.args)


@app.command(
    "run",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def run_script(
    context: typer.Context,
    script: Annotated[Path, typer.Argument(help="A Python script; what follows it goes to the script.")],
    trace: Annotated[bool, typer.Option(help="Print the table of calls at the end.")] = True,
    trace_file: Annotated[Path | None, typer.Option(help="Also write the calls for a Chrome trace viewer.")] = None,
) -> None:
    """Run a script and show every dispatched call of it: what, where, how long, why."""
    from .run import run_traced

    raise typer.Exit(run_traced(script, context.args, table=trace, file=trace_file))
