"""Mirrors a run to W&B from its folder alone, so that it can be mirrored again."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from vlminterp.errors import ConfigError, ResultsError
from vlminterp.results.atomic import write_whole
from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder
from vlminterp.secrets import without_secrets
from vlminterp.tracking.config import Mode, TrackingConfig

if TYPE_CHECKING:
    import wandb

RECEIPT = "mirror.json"
CONNECT_SECONDS = 30.0
UPLOAD_SECONDS = 600.0


def check_login(tracking: TrackingConfig) -> None:
    """Checks that someone is logged in to W&B where the mode needs it; called before a run.

    Raises:
        ConfigError: `online` was asked for and no one is logged in.
    """
    if tracking.mode is Mode.online:
        require_login("tracking=online", "use tracking=offline")


def require_login(asked: str, instead: str) -> None:
    """Checks that someone is logged in to W&B.

    Args:
        asked: The option that needs a login, for the message.
        instead: The alternative without a login, for the message.

    Raises:
        ConfigError: No one is logged in.
    """
    import wandb

    with _environment(WANDB_SILENT="true"):
        logged_in = wandb.login(prompt=False, verify=False)
    if not logged_in:
        raise ConfigError(
            f"{asked} needs a W&B login and there is none; run `wandb login`, or {instead}"
        )


def mirror(
    results: RunFolder,
    tracking: TrackingConfig,
    group: str | None = None,
    *,
    again: bool = False,
) -> None:
    """Writes a run to W&B: its config (without secrets), rows, pictures and summary.

    The W&B run's id is the folder's hash. A run that was mirrored with the same options is not
    mirrored again, unless its summary has changed or the folder's `wandb` is gone.

    Args:
        results: The run folder; finished or not.
        tracking: Options of the mirror.
        group: The run's group, where `tracking.group` is not set.
        again: Whether to mirror a run that was mirrored with the same options.

    Raises:
        ConfigError: `online` was asked for and no one is logged in.
        ResultsError: W&B can't be reached; the run folder is not affected.
    """
    if tracking.mode is Mode.disabled:
        return
    receipt = results.path / "wandb" / RECEIPT
    sent = to_json({"to": tracking, "group": group, "summary": results.summary})
    if not again and receipt.is_file() and receipt.read_bytes() == sent:
        return
    check_login(tracking)
    import wandb

    from vlminterp.tracking.content import log_content

    _forget_earlier_mirror(results.path)
    # media and artifacts go into the run folder: an offline run's would be lost elsewhere
    data = str(results.path.resolve() / "wandb" / "data")
    try:
        with _environment(WANDB_DATA_DIR=data), _run(results, tracking, group) as run:
            log_content(run, results)
        write_whole(receipt, sent)
    except (wandb.Error, OSError, TimeoutError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ResultsError(
            f"W&B mirror failed: {reason[0]}; results are safe in {results.path}; "
            "run the same line with tracking=offline, or again when W&B can be reached"
        ) from error


@contextmanager
def _run(results: RunFolder, tracking: TrackingConfig, group: str | None) -> Iterator["wandb.Run"]:
    """Opens a W&B run that prints nothing, and finishes it even after an error."""
    import wandb

    path = results.path.resolve()
    settings = wandb.Settings(
        silent=True,
        console="off",
        disable_code=True,
        disable_git=True,
        symlink=False,
        x_disable_stats=True,
        x_save_requirements=False,
        init_timeout=CONNECT_SECONDS,
        finish_timeout=UPLOAD_SECONDS,
        finish_timeout_raises=True,
    )
    run = wandb.init(
        project=tracking.project,
        entity=tracking.entity,
        group=tracking.group or group,
        tags=list(tracking.tags),
        job_type=results.names["plugin"],
        id=path.name,
        resume="allow" if tracking.mode is Mode.online else None,
        name=f"{path.parent.name}/{path.name}",
        config=without_secrets(results.config),
        dir=path,
        mode=tracking.mode.value,
        reinit="create_new",
        settings=settings,
    )
    failed = True
    try:
        yield run
        failed = False
    finally:
        run.finish(exit_code=int(failed))


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Sets environment variables for settings that wandb reads nowhere else, then restores them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _forget_earlier_mirror(folder: Path) -> None:
    """Deletes an earlier mirror of the folder, which is out of date and would be synced as well."""
    shutil.rmtree(folder / "wandb", ignore_errors=True)


def tracking_of(run: RunFolder) -> TrackingConfig:
    """Returns the tracking options in a run's own config, except for the mode."""
    known = {field.name for field in fields(TrackingConfig)} - {"mode"}
    noted = run.config.get("tracking") or {}
    return TrackingConfig(**{key: value for key, value in noted.items() if key in known})
