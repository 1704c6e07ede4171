"""How `train` runs: options become a plan and a run, events become progress, files and an answer."""

from collections.abc import Collection, Mapping, Sequence
from shlex import quote
from typing import Any

from bpcli.cli.initialising import setup_from
from bpcli.cli.inputs import limits_from, names_from
from bpcli.cli.interrupting import interruptions
from bpcli.cli.keeping import Keeping
from bpcli.cli.optimizing import clipping_from, optimizer_from, schedule_of
from bpcli.cli.output import page_for, say, write_json, write_lines
from bpcli.cli.progress import ProgressLine
from bpcli.cli.resuming import typed_options
from bpcli.errors import DIFFERS_EXIT, INTERRUPTED_EXIT, OUTSIDE_DOMAIN_EXIT, UsageError
from bpcli.language.complaints import shortened
from bpcli.report.plain import note_text, notice_text
from bpcli.report.training.documents import train_document
from bpcli.report.training.outcome import Outcome, outcome_of
from bpcli.report.training.progress import Progress
from bpcli.report.training.screen import training_screen
from bpcli.train.cautions import cautions_of
from bpcli.train.checkpoints import Checkpoint
from bpcli.train.live_checks import Checked
from bpcli.train.plan import Plan
from bpcli.train.resuming import resumed
from bpcli.train.runs import Question, Run, run_of
from bpcli.train.stepping import StepDone
from bpcli.train.stopping import Stopped
from bpcli.train.training import EpochDone, trained

INTERRUPTED = "interrupted"
MUCH = 2.0  # times the loss of the first epoch
LOWER = "lower --learning-rate, clip gradients by --clip-norm 1, or look where they grow with 'bpcli flow'"
EXIT_CODES = {"nonfinite": OUTSIDE_DOMAIN_EXIT, "differ": DIFFERS_EXIT}


def answer(  # noqa: PLR0913 - a question, and how it is to be answered
    text: str,
    at: Mapping[str, Any],
    options: dict[str, Any],
    kept: Collection[str],
    checkpoint: Checkpoint | None,
    *,
    output_format: str,
) -> int:
    """Train, and tell what it came to; the exit code. `kept` are the options that a checkpoint keeps."""
    run = _run(text, at, options, checkpoint)
    cautions = cautions_of(run.model.text, run.data.roles)
    _say_before(run, cautions, options)
    stopped = _loop(run, options, typed_options(options, kept))
    outcome = outcome_of(run, stopped, _files(options), (*cautions, *_grown(run)))
    if stopped.reason == INTERRUPTED:
        if output_format == "json":
            write_json(train_document(outcome))
        return INTERRUPTED_EXIT
    if options["plot_file"] is not None:
        _plot(outcome, options["plot_file"], is_quiet=options["is_quiet"])
    if not options["is_quiet"]:
        say("".join([notice_text(text, "", None) for text in _grown(run)]))
    if not options["is_quiet"]:
        if output_format == "json":
            write_json(train_document(outcome))
        else:
            write_lines(training_screen(outcome, page_for(output_format, None)), output_format)
    return EXIT_CODES.get(stopped.reason, 0)


def _run(text: str, at: Mapping[str, Any], options: dict[str, Any], checkpoint: Checkpoint | None) -> Run:
    """The run that the options ask for, before its first step or where the checkpoint left it."""
    plan = Plan(
        optimizer_from(options),
        options["epochs_count"],
        options["batch_size"] or None,
        schedule_of(options),
        clipping_from(options),
        options["random_seed"],
        options["early_stopping"],
        options["least_gain"],
        options["check_every"],
    )
    question = Question(
        text,
        options["data_file"],
        at,
        names_from(options["names"]),
        options["target_columns"],
        options["validation_file"],
        share=options["validation_share"],
        is_standardised=options["standardize_inputs"],
        setup=setup_from({**options, "evaluation_mode": False}),
        left_out=options["left_out"],
        limits=limits_from(options),
    )
    if checkpoint is None:
        return run_of(question, plan)
    source = options["resume_from"]
    if text != checkpoint.document["expression"]:
        message = f"{source} is a run of another text: {shortened(checkpoint.document['expression'])}"
        raise UsageError(message, hint="leave out EXPR, or leave out --resume-from to begin anew")
    begun_with = checkpoint.document["data"]["given"]
    if not at:
        return resumed(
            run_of(question._replace(given=checkpoint.given, begun_with=begun_with), plan), checkpoint, source
        )
    run = run_of(question, plan)
    if run.begun_with != begun_with:
        message = f"the values that are given are not those that the run in {source} began with"
        raise UsageError(message, hint="leave them out: they are in the checkpoint")
    return resumed(run, checkpoint, source)


def _loop(run: Run, options: dict[str, Any], kept: dict[str, Any]) -> Stopped:
    """Train to the end, or until the program is asked to end before."""
    line = ProgressLine(is_wanted=not options["is_quiet"])
    validation = None if run.validation is None else run.validation.values
    with interruptions() as is_interrupted, Keeping(run, options, kept) as keeping:
        for event in trained(run.plan, run.model, run.data.values, run.state, validation):
            if isinstance(event, Stopped):
                line.erase()
                keeping.save()
                _say_stopped(event, options)
                return event
            if isinstance(event, StepDone):
                done = (event.epoch - 1, run.plan.epochs, event.batch, run.batches)
                line.show(Progress(*done, event.rate, event.loss, event.gradient_norm))
                keeping.step_done(event.step)
            elif isinstance(event, EpochDone):
                keeping.epoch_done()
            elif isinstance(event, Checked):
                _say_checked(event, line)
            if is_interrupted():
                line.erase()
                keeping.save()
                say(note_text(_interrupted(run, options)))
                break
    state = run.state
    return Stopped(INTERRUPTED, state.epoch, state.step, state.batch, "interrupted")


def _say_before(run: Run, cautions: Sequence[str], options: dict[str, Any]) -> None:
    """What to know before the first step: arrays and columns that nothing takes, and what is seldom meant."""
    if options["is_quiet"]:
        return
    say("".join([notice_text(text, "", None) for text in cautions]))
    source = options["data_file"]
    if run.data.ignored:
        listed = ", ".join(run.data.ignored[:5]) + (", …" if len(run.data.ignored) > 5 else "")  # noqa: PLR2004 - a line
        say(note_text(f"no variable takes {listed} of {source}"))


def _grown(run: Run) -> list[str]:
    """A warning where the loss is much larger at the end than it was in the first epoch."""
    losses = [record["loss"] for record in run.state.history]
    if run.state.best is not None or len(losses) < 2 or not losses[-1] > MUCH * abs(losses[0]):  # noqa: PLR2004 - to compare
        return []
    return [f"the loss grew from {losses[0]:.4g} to {losses[-1]:.4g}: {LOWER}"]


def _say_checked(checked: Checked, line: ProgressLine) -> None:
    line.erase()
    looked = f"{checked.entries} of {checked.of} entries, {checked.samples} samples"
    told = f": {checked.text}" if checked.text else ""
    say(note_text(f"step {checked.step}: the gradient is checked ({looked}): {checked.verdict.value}{told}"))


def _say_stopped(stopped: Stopped, options: dict[str, Any]) -> None:
    """What ended the training before its time, and what is kept."""
    if stopped.reason not in EXIT_CODES:
        return
    where = f"step {stopped.step} (epoch {stopped.epoch}, batch {stopped.batch})"
    kept = f"; {options['save_checkpoint']} holds the weights before it" if options["save_checkpoint"] else ""
    now = f"; {LOWER}" if stopped.reason == "nonfinite" else ""
    say(note_text(f"stopped at {where}: {stopped.text}{kept}{now}"))


def _interrupted(run: Run, options: dict[str, Any]) -> str:
    """Where the training was cut, and how it goes on."""
    state = run.state
    where = f"interrupted after step {state.step}, {state.epoch} of {run.plan.epochs} epochs done"
    if options["save_checkpoint"] is None:
        return f"{where}; nothing is kept, as there is no --save-checkpoint"
    words = ["bpcli", "train"]
    for option in (
        "resume_from",
        "data_file",
        "validation_file",
        "save_checkpoint",
        "checkpoint_every",
        "history_file",
    ):
        value = options["save_checkpoint" if option == "resume_from" else option]
        if value is not None:
            words += [f"--{option.replace('_', '-')}", quote(str(value))]
    return f"{where}; go on with: {' '.join(words)}"


def _files(options: dict[str, Any]) -> dict[str, str]:
    """The files that were written, by what each holds."""
    files = {"checkpoint": "save_checkpoint", "history": "history_file", "plot": "plot_file"}
    return {what: options[option] for what, option in files.items() if options[option] is not None}


def _plot(outcome: Outcome, target: str, *, is_quiet: bool) -> None:
    from bpcli.report.files import write_whole  # noqa: PLC0415 - loaded where it is used
    from bpcli.report.pictures import form_of, picture_bytes  # noqa: PLC0415 - the same
    from bpcli.report.training.charts import training_charts  # noqa: PLC0415 - the same

    write_whole(target, picture_bytes(training_charts(outcome), form_of(target)))
    if not is_quiet:
        say(note_text(f"wrote {target}"))
