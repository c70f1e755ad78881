"""The pages that the package makes, driven in headless Chromium; `make browser` calls it.

A line for each, then how many passed. Without Chromium it says that it was skipped.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from check import attempt
from course import NBS, ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CLASSES = ["dark", "light"]
ICONS = ["cdn.jsdelivr.net", "net::ERR_"]  # Voilà's template asks the network for its icons


def chromium() -> str | None:
    "The Chromium of this machine: TLCOURSE_CHROMIUM, or what is on the path"
    found = (shutil.which(name) for name in BROWSERS)
    return os.environ.get("TLCOURSE_CHROMIUM") or next(filter(None, found), None)


def install_playwright():
    "Install the extra 'browser' into this environment, if it lacks"
    if find_spec("playwright") is not None:
        return
    sys.path.insert(0, str(ROOT))
    from configparser import ConfigParser

    config = ConfigParser(delimiters="=")
    config.read(ROOT / "settings.ini", encoding="utf-8")
    wanted = config["DEFAULT"]["extra_browser"].split()
    subprocess.run([sys.executable, "-m", "pip", "install", "-qq", *wanted], check=True)


def make_model(folder: Path):
    "A small model that tells dark images from light ones, saved in `folder`"
    import torch

    from tlcourse.surgery import save_model, transfer_model

    torch.manual_seed(0)
    model = transfer_model("test_resnet", classes=CLASSES, weights=None, size=32).eval()
    light, dark = (model.preprocess(image(grey)) for grey in (230, 25))
    with torch.no_grad():
        features = model.head[:-1](model.body(torch.stack([dark, light])))
        direction = features[1] - features[0]
        weight = direction / direction.norm() ** 2 * 6
        model.head[-1].weight.copy_(torch.stack([-weight, weight]))
        middle = weight @ features.mean(0)
        model.head[-1].bias.copy_(torch.stack([middle, -middle]))
    save_model(model, folder)


def image(grey: int):
    "A PIL image, dark or light, with a square in it"
    from PIL import Image

    made = Image.new("RGB", (120, 80), (grey,) * 3)
    made.paste((128, 128, 128), (30, 20, 60, 50))
    return made


def make_files(folder: Path):
    "A model, two images, a file that is no image, and a report"
    from tlcourse.data import ImageDataset
    from tlcourse.reporting import report

    make_model(folder / "model")
    for name, grey in zip(CLASSES, (25, 230)):
        image(grey).save(folder / f"{name}.png")
    (folder / "words.png").write_text("no image")
    (folder / "large.png").write_bytes(bytes(11_000_000))
    pairs = [(image(20 + 10 * i), int(i > 9)) for i in range(22)]
    report(folder / "model", ImageDataset(pairs, CLASSES), folder / "report.html")


@contextmanager
def page_of(browser, allowed=()):
    "A new page; at its end, an error in its console that is not among `allowed` is a failure"
    errors = []
    page = browser.new_page(viewport={"width": 900, "height": 1000})
    page.set_default_timeout(120_000)  # of a busy machine
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(f"not loaded: {request.url}"))
    try:
        yield page
        faults = [e for e in errors if not any(words in e for words in allowed)]
        assert not faults, f"errors in the console: {faults}"
    finally:
        page.close()


def picture(page, name: str):
    "Keep a picture of `page` in TLCOURSE_PICTURES, if that is a folder"
    if "TLCOURSE_PICTURES" in os.environ:
        page.screenshot(path=Path(os.environ["TLCOURSE_PICTURES"], f"{name}.png"), full_page=True)


def check_report(browser, folder: Path):
    "report.html opens offline, without an error"
    with page_of(browser) as page:
        page.context.set_offline(True)
        page.goto((folder / "report.html").as_uri())
        assert "images are classified correctly" in page.inner_text(".lead")
        broken = "[...document.images].filter((i) => !i.complete || !i.naturalWidth).length"
        assert page.evaluate(broken) == 0, "an image of the report is not shown"
        assert page.evaluate("document.images.length") >= 3
        picture(page, "report")


def answer_on(page) -> str:
    "The answer that the page shows, when it is there"
    page.wait_for_selector("#result:not([hidden])")
    return page.inner_text("#answer")


def check_choosing(browser, folder: Path, address: str):
    "an image is chosen: the right class, its bars, its map"
    with page_of(browser) as page:
        page.goto(address)
        picture(page, "page")
        for name in CLASSES:
            page.set_input_files("#file", folder / f"{name}.png")
            page.wait_for_selector(f"#answer:text-is('{name}')")
            assert page.inner_text("#bars li:first-child button") == name
            assert page.inner_text("#message") == ""
        assert page.evaluate("document.querySelector('#map').naturalWidth") == 32
        picture(page, "answer")
        page.click("#bars li:nth-child(2) button")
        page.wait_for_selector("#bars button[aria-pressed=true]:text-is('dark')")
        assert answer_on(page) == "light" and "dark" in page.inner_text("#caption")


def check_bad_files(browser, folder: Path, address: str):
    "a file that is no image, or too large: a message, and the next image works"
    with page_of(browser, allowed=["status of 422"]) as page:
        page.goto(address)
        page.set_input_files("#file", folder / "words.png")
        page.wait_for_selector("#message.bad")
        assert "no image that can be read" in page.inner_text("#message")
        picture(page, "message")
        page.set_input_files("#file", folder / "large.png")
        page.wait_for_selector("#message:text('larger than 10 MB')")
        page.set_input_files("#file", folder / "light.png")
        assert answer_on(page) == "light"


GIVE = """([bytes, kind]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], "given.png", { type: "image/png" }));
  const about = { dataTransfer: files, clipboardData: files, bubbles: true };
  const event = kind === "drop" ? new DragEvent(kind, about) : new ClipboardEvent(kind, about);
  document.querySelector("#drop").dispatchEvent(event);
}"""


def check_dropping(browser, folder: Path, address: str):
    "an image is dropped, or pasted"
    with page_of(browser) as page:
        page.goto(address)
        for name, kind in zip(CLASSES, ("drop", "paste")):
            page.evaluate(GIVE, [list((folder / f"{name}.png").read_bytes()), kind])
            page.wait_for_selector(f"#answer:text-is('{name}')")


def check_narrow(browser, folder: Path, address: str):
    "on a telephone nothing sticks out"
    with page_of(browser) as page:
        page.set_viewport_size({"width": 360, "height": 700})
        page.goto(address)
        page.set_input_files("#file", folder / "dark.png")
        assert answer_on(page) == "dark"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, "narrow")


@contextmanager
def voila(folder: Path, notebook: Path, seconds: float = 120.0):
    "Voilà with `notebook` and the model in `folder`; yields its address"
    port = free_port()
    options = [f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1", str(notebook)]
    env = os.environ | {"TLCOURSE_MODEL": str(folder / "model")}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH")]))
    with open(folder / "voila.txt", "w") as log:
        command = [sys.executable, "-m", "voila", *options]
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for_port(port, process, seconds)
            yield f"http://127.0.0.1:{port}/"
        finally:
            end(process)


def end(process, seconds: float = 60.0):
    "End `process`, which then ends its kernels; if it does not, it is killed"
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    "A port that nobody listens at"
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for_port(port: int, process, seconds: float):
    "Return when somebody listens at `port`; `AssertionError` if `process` ends, or it takes long"
    import socket

    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Voilà did not start")


def check_app(browser, folder: Path):
    "the notebook app answers, by Voilà"
    with voila(folder, NBS / "app.ipynb") as address, page_of(browser, ICONS) as page:
        page.goto(address, wait_until="commit")
        with page.expect_file_chooser() as chooser:
            page.click("button:has-text('choose an image')")
        chooser.value.set_files(folder / "light.png")
        page.wait_for_selector("h2:text-is('light')")
        page.wait_for_function("document.images.length >= 2")
        picture(page, "app")


REVIEW = """from PIL import Image
from tlcourse.data import ImageDataset
from tlcourse.diagnosis import explore_errors

names = ["dark", "light"]
data = ImageDataset([(f"{name}.png", label) for label, name in enumerate(names)], names)
probs = [[0.1, 0.9], [0.3, 0.7]]
explore_errors(probs, data, "decisions.json")"""


def check_review(browser, folder: Path):
    "labels are reviewed: a press of a button stands in the file of decisions"
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(REVIEW)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "review.ipynb")
    with voila(folder, folder / "review.ipynb") as address, page_of(browser, ICONS) as page:
        page.goto(address, wait_until="commit")
        page.wait_for_selector("text=1 of 2 (number 0 of the dataset)")
        picture(page, "review")
        page.click("button:has-text('relabel')")
        page.wait_for_selector("text=saved: relabel. 1 of 2 are decided")
        page.click("button:has-text('right')")
        page.wait_for_selector("text=2 of 2 are decided")
    rows = json.loads((folder / "decisions.json").read_text(encoding="utf-8"))["decisions"]
    assert [row["decision"] for row in rows] == ["relabel", "right"], rows
    assert rows[0]["new label"] == "light"


def run_checks(browser, folder: Path) -> list:
    "Whether each check passed"
    from tlcourse.core.endpoints import running
    from tlcourse.serving import create_app

    passed = [attempt(check_report.__doc__, partial(check_report, browser, folder))]
    with running(create_app(folder / "model")) as address:
        for check in (check_choosing, check_bad_files, check_dropping, check_narrow):
            passed.append(attempt(check.__doc__, partial(check, browser, folder, address)))
    for check in (check_app, check_review):
        passed.append(attempt(check.__doc__, partial(check, browser, folder)))
    return passed


def main() -> int:
    path = chromium()
    if path is None:
        print("SKIPPED: there is no Chromium here, so no page was opened (TLCOURSE_CHROMIUM=path)")
        return 0
    install_playwright()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        make_files(Path(name))
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        passed = run_checks(browser, Path(name))
        browser.close()
    print(f"{sum(passed)} passed, {len(passed) - sum(passed)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
