"""Sweeps: what is refused, what a failure costs, launchers, and a sweep that is killed."""

import importlib.util
import json
import signal
import time

import pytest

import vlminterp.cli.job
from tests.warm import Warm
from vlminterp.cli.main import run
from vlminterp.cli.multirun import with_identity
from vlminterp.results.sweep import Sweep

TINY = [
    "+plugin=m2ib",
    "data.pairs=4",
    "plugin.batch_size=1",
    "plugin.image.steps=1",
    "plugin.text.steps=1",
    "tracking=disabled",
    "device=cpu",
]
LAUNCHERS = {
    "joblib": ("hydra_joblib_launcher", "hydra-joblib-launcher", ["hydra.launcher.n_jobs=2"]),
    "submitit_local": ("hydra_submitit_launcher", "hydra-submitit-launcher", []),
    "ray": ("hydra_ray_launcher", "hydra-ray-launcher", ["+hydra.launcher.ray.init.num_cpus=2"]),
}


@pytest.fixture
def sweep(tmp_path, monkeypatch, capsys):
    """Runs a multirun in this process; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_line(*overrides):
        capsys.readouterr()
        code = run(["-m", *overrides])
        return code, *capsys.readouterr()

    return run_line


def the_sweep(folder):
    (found,) = folder.glob("outputs/sweeps/*")
    return Sweep(found)


def rows(folder):
    """What was computed, by run and file: without what differs from run to run of the same."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("outputs/m2ib/*/*/*/*"))
        if path.suffix in (".parquet", ".safetensors", ".png")
    }


MIXED = {
    "+plugin=ex2,m2ib plugin.steps=3": "plugin.steps=3: an option of one plugin, in a sweep over",
    "+plugin=bank,m2ib plugin.batch_size=3": "over bank, m2ib; sweep over each plugin by itself",
    "+plugin=ex2,m2ib plugin/preset=m2ib-paper": "plugin/preset=m2ib-paper: an option of one",
    "+plugin=choice(ex2,bank) plugin.margin=0.1,0.2": "plugin.margin=0.1,0.2: an option of one",
    "experiment=ex2/planted,m2ib/planted plugin.steps=3": "in a sweep over ex2, m2ib; sweep",
    "experiment=ex2/planted,bank/planted +plugin=ex2": "chooses its plugin itself; leave out",
}


@pytest.mark.parametrize("line", MIXED)
def test_options_of_one_plugin_in_a_sweep_over_several_are_refused(sweep, tmp_path, line):
    code, out, err = sweep(*line.split())
    assert code == 1
    assert out == ""
    (told,) = err.splitlines()
    assert MIXED[line] in told
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("line", ["model=planted-base,plantd", "plugin.batch_size=1,x"])
def test_mistakes_in_any_run_are_told_before_the_first(sweep, tmp_path, line):
    code, _, err = sweep(*TINY, line)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "outputs/m2ib").exists()


def test_a_defect_ends_one_run_and_the_same_line_tries_it_again(sweep, tmp_path, monkeypatch):
    load = vlminterp.cli.job.load_encoder

    def broken(config, name, device):
        if name == "planted-name":
            raise RuntimeError("out of luck\nand of memory")
        return load(config, name, device)

    monkeypatch.setattr(vlminterp.cli.job, "load_encoder", broken)
    line = [*TINY, "model=planted-name,planted-base", "console=quiet"]
    code, out, err = sweep(*line)
    assert code == 1
    assert "Traceback" in err
    assert "vlminterp: run 1 of 2: RuntimeError: out of luck\n" in err
    assert "1 of 2 runs failed; the same line tries again" in err
    failed, done = the_sweep(tmp_path).runs()
    assert failed.failed == "RuntimeError: out of luck"
    assert (tmp_path / out.strip()) == done.folder.path

    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    code, out, err = sweep(*line)
    assert code == 0
    assert err.count("done before") == 1
    assert len(out.splitlines()) == 2
    assert [run.state.value for run in the_sweep(tmp_path).runs()] == ["finished", "finished"]


def test_consoles(sweep, tmp_path):
    line = [*TINY, "plugin.image.layer=0,77"]
    _, out, err = sweep(*line)
    assert "vlminterp: run 1 of 2: m2ib planted-base planted" in err
    assert "run 1 of 2: explaining: 4/4 pairs" in err
    for told in ("plugin.image.layer=77", "failed", "finished", "layer=77 is no cut", "outputs/"):
        assert told in out
    _, out, err = sweep(*line, "console=json")
    done, failed = map(json.loads, out.splitlines())
    assert (done["state"], done["failed"], done["pairs"]) == ("finished", None, 4)
    assert done["path"].startswith("outputs/m2ib/planted-base/")
    assert failed["state"] == "failed"
    assert "layer=77 is no cut" in failed["failed"]
    assert "plugin.image.layer=77" in failed["run"]
    assert "explaining" not in err
    assert len(the_sweep(tmp_path).runs()) == 2


def test_how_a_sweep_is_computed_is_no_part_of_what_it_is():
    def identity(*arguments):
        return with_identity(["-m", *arguments])[-1]

    same = identity("model=a,b", "seed=0,1")
    assert identity("seed=0,1", "model=a,b") == same
    assert identity("model=a,b", "seed=0,1", "hydra/launcher=ray", "output=x", "device=cpu") == same
    assert identity("model=a,b", "seed=0,2") != same


def test_names_can_be_asked_for_by_a_pattern(sweep, tmp_path):
    code, _, err = sweep(*TINY, "model=glob([planted-n*,planted-sh*])", "seed=0,1")
    assert code == 0, err
    lines = [run.line for run in the_sweep(tmp_path).runs()]
    assert len(lines) == 4
    assert {line.partition("model=")[2].split()[0] for line in lines} == {
        "planted-name",
        "planted-shortcut",
    }
    assert "run 4 of 4" in err


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Also in the processes that launchers start: sums in another order round differently."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        yield


def start(folder, *overrides):
    return Warm("vlminterp", ["-m", *TINY, "seed=0,1", *overrides], folder)


@pytest.fixture(scope="module")
def undisturbed(one_thread, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    code, _, err = start(folder).finish()
    assert code == 0, err
    return rows(folder)


def launched_by(launcher):
    package, distribution, options = LAUNCHERS[launcher]
    if importlib.util.find_spec(f"hydra_plugins.{package}") is None:
        pytest.skip(f"pip install {distribution}")
    return [f"hydra/launcher={launcher}", *options]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launchers_compute_the_same(tmp_path, undisturbed, launcher):
    code, out, err = start(tmp_path, *launched_by(launcher), "console=json").finish()
    assert code == 0, err
    found = [json.loads(line) for line in out.splitlines()]
    assert [run["state"] for run in found] == ["finished"] * 2
    assert rows(tmp_path) == undisturbed


def killed_at_work(folder, launcher):
    """SIGKILL, soon after the first rows, of the process alone that the user has started."""
    options = [] if launcher == "basic" else launched_by(launcher)
    process = start(folder, *options, "console=quiet")
    process.wait_for_files(folder, "outputs/m2ib/*/*/rows/*.parquet")
    assert process.poll() is None, process.said("err")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def states(folder):
    return [run.state.value for run in the_sweep(folder).runs()]


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_sweep_that_is_killed_ends_and_goes_on(tmp_path, undisturbed, launcher):
    killed_at_work(tmp_path, launcher)
    time.sleep(3)
    written = rows(tmp_path)
    assert written
    assert written != undisturbed, "what the killed process had started went on"
    code, _, err = start(tmp_path).finish()
    assert code == 0, err
    assert rows(tmp_path) == undisturbed
    assert states(tmp_path) == ["finished"] * 2


@pytest.mark.slow
def test_submitted_runs_outlive_the_one_who_submitted_them(tmp_path, undisturbed):
    killed_at_work(tmp_path, "submitit_local")
    deadline = time.monotonic() + 300
    while states(tmp_path) != ["finished"] * 2:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    code, _, err = start(tmp_path).finish()
    assert code == 0, err
    assert err.count("done before") == 2
    assert rows(tmp_path) == undisturbed
