"""The process that fits: its answers, its end, and that nobody else imports statsmodels."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from flows.domain.seasonal import seasonal
from flows.fitting import NICENESS, Fitter
from flows.settings import environment_of_children
from tests.dataflow.running import wait_for
from tests.dataflow.selling import shop

DAYS = 364


def sales(count):
    """Return the sales of so many SKUs."""
    sold = np.array([shop(DAYS, seed=seed) for seed in range(count)], dtype=float)
    return sold, np.full(count, DAYS)


def test_it_says_what_the_library_says(caplog, capfd):
    """Call after call the same numbers as here; one process, niced, gone afterwards, silent."""
    sold, days = sales(5)
    with Fitter(60) as fit:
        first, second = fit(sold[:3], days[:3]), fit(sold[3:], days[3:])
        process = fit._process
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
    expected = seasonal(sold, days)
    np.testing.assert_allclose(np.vstack([first.quantity, second.quantity]), expected.quantity)
    assert first.reached.all()
    assert process.poll() is not None
    assert (caplog.text, capfd.readouterr()) == ("", ("", ""))


def test_nothing_to_fit_starts_nothing():
    """No SKUs, no time left, or stopped: no process, and nobody was reached."""
    sold, days = sales(1)
    for fit, count in ((Fitter(60), 0), (Fitter(0), 1), (Fitter(60, lambda: True), 1)):
        with fit:
            assert fit(sold[:count], days[:count]).reached.tolist() == [False] * count
            assert fit._process is None


def test_killed_it_is_one_line_and_no_forecast(caplog):
    """What remains is not fitted, now and later, and no other process is started."""
    sold, days = sales(400)
    with Fitter(60) as fit:
        fit(sold[:1], days[:1])
        process = fit._process
        threading.Timer(0.2, process.kill).start()
        for _ in range(2):
            said = fit(sold, days)
            assert said.reached.all()
            assert np.isnan(said.quantity).all()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "exit code -9" in caplog.text


def test_stopped_it_answers_at_once():
    """In the middle of fitting: within a second, and the process is gone."""
    sold, days = sales(1000)
    stop = threading.Event()
    with Fitter(60, stop.is_set) as fit:
        fit(sold[:1], days[:1])
        process = fit._process
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        assert not fit(sold, days).reached.any()
    assert time.monotonic() - began < 3
    assert process.poll() is not None


def test_its_seconds_end_it_between_two_skus():
    """A thousand SKUs and two seconds: some were reached, the most valuable ones."""
    sold, days = sales(1000)
    with Fitter(60) as fit:
        fit(sold[:1], days[:1])
        fit._until = time.monotonic() + 1
        reached = fit(sold, days).reached
    assert 0 < reached.sum() < 1000
    assert reached[: reached.sum()].all()


def test_it_ends_with_whoever_started_it():
    """Its parent is killed while it fits for a minute: within seconds it is gone too."""
    code = (
        "import numpy as np, time; from flows.fitting import Fitter; fit = Fitter(60);"
        "fit(np.ones((1, 364)), np.array([364])); print(fit._process.pid, flush=True);"
        "fit(np.random.default_rng(1).random((5000, 364)), np.full(5000, 364))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment_of_children(), stdout=subprocess.PIPE
    ) as parent:
        child = Path("/proc") / parent.stdout.readline().decode().strip()
        assert child.exists()
        time.sleep(1.5)
        parent.kill()
    wait_for(lambda: not child.exists(), 10)


def test_only_that_process_imports_the_library():
    """Neither the commands nor the flows, the forecast's own modules included."""
    code = (
        "import sys, flows.cli, flows.stock, flows.clock, flows.intake, flows.nightly,"
        " flows.forecasting, flows.commands.forecast;"
        "print([name for name in ('statsmodels', 'scipy', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment_of_children(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "[]\n"
