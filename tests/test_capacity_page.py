"""The page of the capacity calculator: what it computes, its document, its server, and a real headless Chromium."""

import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("bokeh", reason="the extra neurosparse[page] is not installed")

from bokeh.document import Document
from typer.testing import CliRunner

from neurosparse import cli, jit
from neurosparse.capacity_page import curves, figures, numbers, page, server
from neurosparse.capacity_page.design import LARGEST_A, LARGEST_M, LARGEST_N, LARGEST_S, Design, settle
from neurosparse.sdr.capacity import match, union
from neurosparse.sdr.capacity.solve import thresholds

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,980",
)
READY = "return !!(window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].get_model_by_name('numbers'))"
TEXT = "return Bokeh.documents[0].get_model_by_name('numbers').text"
DEEP = """
const found = []
const walk = (node) => {
  if (node.shadowRoot) walk(node.shadowRoot)
  for (const child of node.children || []) { if (child.matches(arguments[0])) found.push(child); walk(child) }
}
walk(document.body)
return found
"""


def texts(d):
    return {(line.name.split(",")[0], line.method): line.text for line in numbers.lines(d)}


@given(st.builds(Design, *[st.integers(-5, 2**21)] * 4, st.floats(), st.integers(-5, 9999), st.floats(), st.floats()))
@example(Design(a=10**30, theta=math.inf, noise=math.nan, m=math.nan, fp=-math.inf))
@settings(max_examples=100, deadline=None)
def test_what_is_wished_becomes_possible(wanted):
    d = settle(wanted)
    assert 1 <= d.theta <= d.s <= d.a <= d.n <= LARGEST_N
    assert (d.a <= LARGEST_A, d.s <= LARGEST_S, 1 <= d.m <= LARGEST_M) == (True, True, True)
    assert 0 <= d.noise <= 1
    assert settle(d) == d
    assert all(type(one) is int for one in (d.n, d.a, d.s, d.theta, d.m))


def test_the_curves_are_the_calculator():
    d = Design()
    theta, n, noise, m = curves.by_theta(d), curves.by_n(d), curves.by_noise(d), curves.by_m(d)
    assert theta["fp"][9] == match.false_positive(2048, 40, 20, 10).log10
    assert np.isnan(theta["fn"][:12]).all()
    assert theta["fn"][12] == match.false_negative(40, 20, 8, 13).log10
    assert n["log"][n["x"].tolist().index(2048)] == theta["fp"][9]
    assert np.all(n["kl"] >= n["log"] - 1e-12)
    assert noise["fn"][-1] == 0
    assert m["union"][m["x"].tolist().index(10)] == union.union_false_positive(2048, 40, 20, 10, 10).log10
    assert m["union"][0] == pytest.approx(theta["fp"][9], rel=1e-12)
    assert curves.window(d) == thresholds(2048, 40, 20, 8, 1e-9, 1e-3) == (9, 12)


def test_a_union_that_would_be_slow_is_left_out():
    d = settle(Design(n=2**20, a=4096, s=1024, theta=30, m=1000))
    assert np.isnan(curves.by_m(d)["union"]).all()
    assert np.isfinite(curves.by_m(d)["plugin"]).all()
    assert ("union of 1000 patterns", "law") not in texts(d)


def test_the_numbers_beside_each_other():
    seen = texts(Design())
    assert seen["false positive", "law"] == seen["false positive", "whole numbers"] == "3.910589e-13"
    assert seen["false positive", "binomial"] == "1.247808e-12"
    assert seen["union of 10 patterns", "mean size"] == "191.4 cells"
    assert seen["codes", "log2"] == "280.29 bits"
    assert "&times;3.19" in numbers.table(Design())
    assert "&theta; = 9 to 12 keeps both errors.</p>" in numbers.table(Design())
    assert "keeps both errors, yours is lower" in numbers.table(Design(theta=8))
    assert "false positives need &theta; &ge; 20, false negatives" in numbers.table(Design(fp=-35.0))


@pytest.mark.skipif(jit.disabled(), reason="takes minutes without compilation")
def test_the_figures_have_the_numbers_of_the_paper():
    by_name = {one.name: one for one in figures.figures()}
    assert list(by_name) == ["4A", "4B", "5A", "5B", "6", "7A", "7B"]

    def at(name, line, x):
        drawn = by_name[name].lines[line]
        y = drawn.y[np.flatnonzero(np.isclose(drawn.x, x))[0]]
        return 10**y if by_name[name].powers else y

    assert at("4A", 0, 300) == pytest.approx(0.0010946166233369048, rel=1e-12)
    assert at("4B", 1, 0.5) == pytest.approx(0.07169851604035636, rel=1e-12)
    assert at("5A", 4, 300) == pytest.approx(0.00518604, rel=1e-5)  # a = n/4, which the paper calls n/2
    assert at("5B", 2, 20) == pytest.approx(1.430e-10, rel=1e-3)
    assert at("6", 0, 9) == pytest.approx(1.354e-9, rel=1e-3)
    assert np.log10(at("6", 1, 20)) == pytest.approx(-27.385, abs=1e-3)
    assert at("7A", 1, 10) == pytest.approx(223.670, abs=1e-3)
    assert at("7B", 5, 10) == pytest.approx(3.32243e-8, rel=1e-5)
    assert at("7B", 4, 10) == pytest.approx(3.2577754389e-8, rel=1e-9)


def test_a_change_of_a_slider_or_a_box_changes_the_page(monkeypatch):
    cheap = figures._5b()._replace(shaded=(8, 20)), figures._7a()  # all of them: in the browser, below
    monkeypatch.setattr(figures, "figures", lambda: cheap)
    document = Document()
    page.build(document)

    def model(name):
        found = document.get_model_by_name(name)
        assert found is not None
        return found

    assert document.title == "neurosparse capacity"
    model("theta").value = 12
    assert "5.772805e-17" in model("numbers").text
    assert model("box_theta").value == 12
    model("box_n").value = 4000
    assert model("n").value == pytest.approx(math.log2(4000))
    model("box_s").value = 8
    assert (model("box_theta").value, model("theta").end) == (8, 8)
    model("box_a").value = None
    assert model("box_a").value is None or model("box_a").value == 40
    window = model("window")
    assert window.visible == (curves.window(settle(Design(n=4000, s=8, theta=8)))[0] <= 4)
    model("fp").value = 0
    assert window.visible
    page.build(Document())  # a second visitor


def test_without_bokeh_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh.server.server", None)
    outcome = CliRunner().invoke(cli.app, ["capacity", "serve", "--no-open"])
    assert outcome.exit_code == 2
    assert "Error: capacity serve: the page needs Bokeh, got 'no bokeh'; pip install" in outcome.stderr
    assert '"neurosparse[page]"' in outcome.stderr


def test_a_port_in_use_is_a_mistake():
    with socket.socket() as taken:
        taken.bind((server.ADDRESS, 0))
        taken.listen()
        outcome = CliRunner().invoke(cli.app, ["capacity", "serve", "--no-open", "--port", str(taken.getsockname()[1])])
    assert outcome.exit_code == 2
    assert "capacity serve: the port must be free, got" in outcome.stderr
    assert "choose another with --port" in outcome.stderr


@pytest.fixture
def serving():
    """(url, process) of the command, in a process that Ctrl-C reaches."""
    process = subprocess.Popen(
        [sys.executable, "-m", "neurosparse.cli", "capacity", "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        while line and not line.startswith("serving"):
            line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        yield line.split()[1], process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_the_server_is_local_and_ends_with_ctrl_c(serving):
    url, process = serving
    port = int(url.rstrip("/").rpartition(":")[2])
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url, timeout=30) as answer:
        text = answer.read().decode()
    assert "neurosparse capacity" in text
    assert "https://" not in text
    with socket.socket() as other:  # bound to 127.0.0.1 alone
        other.bind(("127.0.0.2", port))
    for origin, status in ((f"http://127.0.0.1:{port}", "101"), ("http://evil.example", "403")):
        assert handshake(port, origin, text) == status
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [line for line in err.splitlines() if "Refusing websocket" not in line] == []
    assert out.endswith("stopped\n")


def handshake(port, origin, text):
    """Status of a websocket opened from a page of `origin`."""
    token = text.partition('"token":"')[2].partition('"')[0]
    assert token
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: {origin}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        f"Sec-WebSocket-Protocol: bokeh, {token}",
    ]
    with socket.create_connection((server.ADDRESS, port), timeout=30) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return line.recv(4096).decode(errors="replace").split()[1]


@pytest.fixture
def chromium(tmp_path):
    if not BROWSER or not DRIVER:
        pytest.skip("needs chromium and chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def until(driver, question, wanted, seconds=60):
    """Wait until the page's answer holds `wanted`, and give it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = driver.execute_script(question)
        if wanted(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not so within {seconds} s: {answer!r}")


def requested(driver):
    """Addresses that the page asked for, over the network."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    kinds = {"Network.requestWillBeSent": lambda p: p["request"]["url"], "Network.webSocketCreated": lambda p: p["url"]}
    urls = [kinds[event["method"]](event["params"]) for event in events if event["method"] in kinds]
    return [one for one in urls if one.startswith(("http:", "https:", "ws:", "wss:"))]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the server's fixture is of POSIX")
def test_the_page_in_a_browser(serving, chromium):
    from selenium.webdriver.common.keys import Keys

    url, _ = serving
    chromium.get(url)
    until(chromium, READY, bool)
    law = f"{float(match.false_positive(2048, 40, 20, 10)):.6e}"
    until(chromium, TEXT, lambda text: law in text)
    assert chromium.title == "neurosparse capacity"

    handles = until(
        chromium, DEEP.replace("arguments[0]", "'.noUi-handle'"), lambda found: len(found) == len(page.LABELS)
    )
    handles[list(page.LABELS).index("theta")].send_keys(Keys.ARROW_RIGHT)  # by keyboard
    law = f"{float(match.false_positive(2048, 40, 20, 11)):.6e}"
    until(chromium, TEXT, lambda text: law in text)
    shown = until(chromium, DEEP.replace("arguments[0]", "'td'"), bool)
    assert law in [cell.text for cell in shown]  # and not only in the model

    chromium.execute_script("Bokeh.documents[0].get_model_by_name('box_n').value = 4000")
    law = f"{float(match.false_positive(4000, 40, 20, 11)):.6e}"
    until(chromium, TEXT, lambda text: law in text)
    slider = until(chromium, "return Bokeh.documents[0].get_model_by_name('n').value", lambda x: x != 11)
    assert slider == pytest.approx(math.log2(4000))

    for tab in range(1, 8):
        chromium.execute_script(f"Bokeh.documents[0].get_model_by_name('tabs').active = {tab}")
        until(
            chromium, DEEP.replace("arguments[0]", "'canvas'"), lambda found: any(one.is_displayed() for one in found)
        )
    errors = [entry for entry in chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert errors == []
    asked = requested(chromium)
    assert any(one.startswith("ws:") for one in asked)
    assert all(one.split("/")[2].startswith("127.0.0.1:") for one in asked), asked
