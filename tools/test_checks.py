"""Each check of check.py is shown to fail once, and to pass once, on a small example."""

import subprocess
import sys
import tempfile
from copy import deepcopy
from pathlib import Path
from unittest.mock import patch

import attack
import check
import folding
import house
import measure
import nbformat
import sections
import uses
from attacks.rows import Row
from attacks.verdicts import judge
from course import ROOT, Lesson
from exercises import checker_faults
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from notebooks import TEST_FLAGS
from offline.network import refuse_network
from saved import stamp
from testing import cell_faults, run_as_test

OPENING = [
    new_code_cell("#| default_exp name"),
    new_markdown_cell("# Title\n\n> A promise.\n\n| a | b | c |\n|---|---|---|"),
    new_code_cell("#| export\nimport torch"),
    new_code_cell("from tlcourse.core.session import start_lesson"),
    new_code_cell("start_lesson()"),
]
CLOSING = "## Takeaways\n\n## Exercises\n\n## Further reading\n\n## Proofs\n\n## Export"


def notebook(*cells):
    return NotebookNode(cells=list(cells), metadata=NotebookNode())


def expect(faults: list, *words):
    "There are as many faults as `words`, and each has its word"
    assert len(faults) == len(words), f"{words} expected, found {faults}"
    for fault, word in zip(faults, words):
        assert word in fault, f"{word!r} is not in {fault!r}"


def test_house():
    floor = {"tlcourse.core.a": 0, "tlcourse.core.b": 0, "tlcourse.data": 2}
    down = house.Import("tlcourse.data", "tlcourse.core.a", "name")
    expect(house.violations([down], floor))
    up = house.Import("tlcourse.core.a", "tlcourse.data", "name")
    expect(house.violations([up], floor), "stands above")
    star, private = down._replace(name="*"), down._replace(name="_name")
    expect(house.violations([star, private], floor), "imports *", "a private name")
    there = house.Import("tlcourse.core.a", "tlcourse.core.b", "x")
    back = house.Import("tlcourse.core.b", "tlcourse.core.a", "y")
    expect(house.violations([there, back], floor), "in a circle")


def test_sizes():
    fine = notebook(new_code_cell("x = 1\n" * 60))
    expect(check.size_faults("nb", fine))
    long_cell = notebook(new_code_cell("x = 1\n" * 61))
    expect(check.size_faults("nb", long_cell), "61 lines")
    long_function = notebook(new_code_cell("def f():\n" + "    x = 1\n" * 30))
    expect(check.size_faults("nb", long_function), "f has 31 lines")


def test_widths():
    narrow = measure.shape(notebook(*[new_code_cell("x" * 100)] * 20))
    expect(check.width_faults([narrow]))
    wide = measure.shape(notebook(*[new_code_cell("x" * 460)] * 20))
    expect(check.width_faults([wide]), "the median", "one code cell in ten")


def test_lessons():
    prose = new_markdown_cell("word " * 4)
    expect(check.lesson_faults(notebook(*[new_code_cell("x"), prose] * 60)))
    expect(check.lesson_faults(notebook(*[new_code_cell("x"), prose] * 61)), "61 code cells")
    expect(check.lesson_faults(notebook(prose, new_code_cell("assert x"))), "one in six")
    raising = "with raises(ValueError, 'words'):\n    f()"
    expect(check.lesson_faults(notebook(prose, prose, new_code_cell(raising))), "one in six")
    expect(check.lesson_faults(notebook(new_code_cell("x"))), "fewer than 4")
    proofs = new_markdown_cell("## Proofs")
    expect(
        check.lesson_faults(notebook(prose, new_code_cell("x"), proofs, new_code_cell("assert x")))
    )


def test_sections():
    nb = notebook(*OPENING, new_markdown_cell(CLOSING))
    expect(sections.opening_faults(nb, True) + sections.closing_faults(nb))
    late = notebook(*OPENING[:3], *OPENING[4:], OPENING[3])
    expect(sections.opening_faults(late, True), "lesson imports", "start_lesson")
    other = notebook(new_markdown_cell(CLOSING.replace("Takeaways", "Summary")))
    expect(sections.closing_faults(other), "'## Takeaways' is missing", "'## Summary'")


def test_folding():
    proof = new_code_cell("#| code-fold: true\nassert True")
    nb = deepcopy(notebook(*OPENING, new_markdown_cell("## Proofs"), proof))
    expect(folding.folding_faults(nb), "torch", "start_lesson", "assert True", "## Proofs")
    folding.fold(nb)
    expect(folding.folding_faults(nb))
    in_the_middle = notebook(*deepcopy(OPENING), new_markdown_cell("text\n\n## Proofs\n\nmore"))
    folding.fold(in_the_middle)
    expect(folding.folding_faults(in_the_middle), "must begin a cell")


def test_run_all():
    tagged = {"tags": ["raises-exception"]}
    stub = new_code_cell("#| eval: false\ncheck(None)", metadata=tagged)
    expect(sections.run_all_faults(notebook(stub, new_code_cell("x = 1"))))
    untagged = [new_code_cell(s) for s in (stub.source, "#| online\nfetch()", "#| gpu\ntrain()")]
    expect(sections.run_all_faults(notebook(*untagged)), "cell 0 must", "cell 1", "cell 2")
    hidden = new_code_cell("1 / 0", metadata=tagged)
    expect(sections.run_all_faults(notebook(hidden)), "must not")
    writing = new_code_cell("nbdev.nbdev_export()")
    expect(sections.run_all_faults(notebook(writing)), "writes the package")


def test_outputs():
    nb = notebook(new_code_cell("1"))
    expect(check.output_faults(nb, 10), "run it again")
    stamp(nb)
    expect(check.output_faults(nb, 10))
    expect(check.output_faults(nb, 3_000_000), "more than 2")
    nb.cells[0].outputs = [
        new_output("stream", name="stderr", text="/tmp/x"),
        new_output("error", ename="E", evalue="", traceback=[]),
    ]
    expect(check.output_faults(nb, 10), "a saved traceback", "a progress bar", "a machine path")
    nb.cells[0].source = "2"
    assert "run it again" in check.output_faults(nb, 10)[0]


USED = """
def used(x):
    return helper(x)
def helper(x):
    return x
def unused(x):
    return 0
class Thing: pass
@patch_to(Thing)
def method(self):
    return "added"
@helper.register(int)
def _(x):
    return "a case"
"""


def test_uses():
    with tempfile.TemporaryDirectory() as folder, patch.object(uses, "ROOT", Path(folder)):
        (Path(folder) / "tlcourse").mkdir()
        (Path(folder) / "tlcourse" / "a.py").write_text(USED)
        uses.taken_apart.cache_clear()
        found = {name: texts for _, name, texts in uses.code_used(["from tlcourse.a import used"])}
        assert list(found) == ["helper", "used"] and "a case" in str(found["helper"])
        found = uses.code_used(["%time 1", "from tlcourse.a import Thing as T"])
        assert len(found) == 1 and "added" in str(found)
        assert len(uses.code_used(["import tlcourse.a"])) == 4
    uses.taken_apart.cache_clear()


def test_versions():
    first, second = notebook(), notebook()
    stamp(first)
    stamp(second)
    expect(check.version_faults({"a": first, "b": second}))
    second.metadata["executed"]["versions"]["torch"] = "0.1"
    expect(check.version_faults({"a": first, "b": second}), "a", "b")


def test_readme():
    expect(check.readme_faults("word\n| a | b |"))
    expect(check.readme_faults("x" * 201), "201 characters")
    expect(check.readme_faults("| a | " + "x" * 121 + " |"), "a cell of")


def test_list():
    lesson = Lesson("01_data", "", "from your folder to batches", "Use it", "data", True, True)
    expect(check.list_faults([lesson], "(nbs/01_data.ipynb)"))
    expect(check.list_faults([lesson], ""), "no row")
    missing = lesson._replace(name="99_none", module="none")
    words = ["99_none.ipynb", "none.py", "none_solutions", "checks/none", "no row"]
    expect(check.list_faults([missing], ""), *words)


def test_ruff():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "packed.py"
        path.write_text("import sys, os\nx = 1; y = '" + "z" * 100 + "'\nif x: print(y)\n")
        config = str(ROOT / "ruff.toml")
        command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", config]
        command += ["--output-format", "concise", str(path)]
        found = subprocess.run(command, capture_output=True, text=True).stdout
    for rule in ("E501", "E701", "E702", "F401", "I001"):
        assert rule in found, f"{rule} is not in {found}"


def attack_row(call, *words, right=False) -> Row:
    return Row("kind", "name", call, words, right, None, 1.0, True)


def test_attacks():
    right, silent = attack_row(lambda: True), attack_row(lambda: None)
    library = attack_row(lambda: int("cat"), "label")
    needed = attack_row(lambda: int("cat"), right=True)
    results = [(row, judge(row)) for row in (right, silent, library, needed)]
    assert [v.kind for _, v in results] == ["right", "silent", "obscure", "obscure"]
    expect(attack.faults(results[:1]))
    expect(attack.faults(results), "silent", "obscure", "1 of 4 errors")


CHECKER = """from tlcourse.core.testing import checker

@checker
def check_half(half):
    assert half(6) == 3, "half of 6 is 3"
    return "Right: 3."
"""
STUB = "#| eval: false\ndef half(x): ...\n\ncheck_half(half)"
FOLDED = "<details><summary>Solution</summary>\n\n```python\n{}\n```\n</details>"
RIGHT = "def half(x):\n    return x / 2"


def exercise(stub=STUB, solution=RIGHT):
    "The cells of a small exercise"
    below = new_markdown_cell(FOLDED.format(solution) if solution else "no solution")
    return notebook(new_code_cell(CHECKER), new_code_cell(stub), below)


def run_faults(nb) -> list:
    from execnb.shell import CaptureShell

    return [f"{i}: {fault}" for i, fault in cell_faults(CaptureShell(), nb)]


def test_cells():
    expect(run_faults(exercise()))
    goes_on = exercise()
    goes_on.cells.append(new_code_cell("#| hide\n1 / 0"))
    expect(run_faults(goes_on), "3: Traceback")
    expect(run_faults(exercise(stub=STUB.replace("...", "return 3"))), "accepts the stub")
    nameless = exercise(stub=STUB.replace("check_half(half)", "check_third(half)"))
    assert "not by NameError" in run_faults(nameless)[0]


def test_checkers():
    expect(checker_faults("checks.a", CHECKER))
    plain = CHECKER.replace("@checker", "@cache")
    expect(checker_faults("checks.a", plain), "check_half lacks")


def test_solutions():
    expect(run_faults(exercise(solution="def half(x):\n    return floor(x / 2)")), "'floor' is not")
    silent = "def half(x):\n    return x / 2\n\nif False:\n    pass\ncheck_half(half)\nprint(3)"
    expect(run_faults(exercise(solution=silent)), "does not end in 'Right'")
    expect(run_faults(exercise(solution=None)), "no folded solution")


def test_network():
    refuse_network("socket.connect", (None, ("127.0.0.1", 80)))
    refuse_network("socket.getaddrinfo", ("localhost", 80))
    for event in ("socket.connect", (None, ("10.0.0.1", 80))), ("socket.getaddrinfo", (b"a.org",)):
        try:
            refuse_network(*event)
        except OSError as e:
            assert "without a network" in str(e)
        else:
            raise AssertionError(f"{event} was let through")


def ended(script: str, *args) -> str:
    "The line with which the tool `script` ends"
    command = [sys.executable, f"tools/{script}", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


def test_messages():
    assert "two digits and a word" in ended("new_lesson.py", "sequel")
    assert "01_data.ipynb has this number" in ended("new_lesson.py", "17_data")
    assert "01_data.ipynb has this number" in ended("new_lesson.py", "01_sequel")
    assert "no notebook nbs/99.ipynb" in ended("notebooks.py", "run", "nbs/99.ipynb")
    assert "no check has 'unheard' in its name" in ended("check.py", "unheard")


def written(nb, folder) -> Path:
    "The file of `nb`"
    path = Path(folder) / "small.ipynb"
    nbformat.write(NotebookNode(**nb, nbformat=4, nbformat_minor=5), path)
    return path


CONNECT = "import socket\nsocket.create_connection(('example.org', 80))"
SPAWN = """import multiprocessing, socket
spawn = multiprocessing.get_context("spawn")
child = spawn.Process(target=socket.create_connection, args=(("example.org", 80),))
child.start()
child.join()
assert not child.exitcode"""


def test_notebooks():
    "A failing notebook fails; its process has no network, nor has one that it starts"
    for source in (CONNECT, SPAWN):
        with tempfile.TemporaryDirectory() as folder:
            try:
                run_as_test(written(notebook(new_code_cell(source)), folder))
            except AssertionError as e:
                assert "without a network: example.org" in str(e), e
            else:
                raise AssertionError("a failing notebook passed")


LATE = """import sys
names = list(sys.modules)
first = min(names.index(tool) for tool in TOOLS if tool in names)
late = {name.split(".")[0] for name in names[first:]}
late -= {*TOOLS, *sys.stdlib_module_names, "__mp_main__", "IPython"}
assert not late, f"SLOW_IMPORTS in testing.py lacks {late}"
"""


def test_slow_imports():
    "A test's process imports no library that is not in it from the beginning"
    tools = [path.stem for path in (ROOT / "tools").iterdir() if path.stem in sys.modules]
    cell = new_code_cell(f"TOOLS = {tools}\n{LATE}")
    with tempfile.TemporaryDirectory() as folder:
        run_as_test(written(notebook(cell), folder))


def test_nbdev():
    "nbdev's own runner, which CI elsewhere may call, takes the same notebooks"
    from nbdev.test import test_nb

    nb = exercise()
    nb.cells.append(new_code_cell("#| online\n1 / 0"))
    with tempfile.TemporaryDirectory() as folder:
        assert test_nb(written(nb, folder), skip_flags=TEST_FLAGS)[0]
        nb.cells.append(new_code_cell("assert 1 == 2"))
        assert not test_nb(written(nb, folder), skip_flags=TEST_FLAGS, showerr=False)[0]
    small = "nbs/core/testing.ipynb"
    command = f"from nbdev.test import nbdev_test; nbdev_test(path='{small}', n_workers=0)"
    assert "Success." in check.python("-c", command)


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"ok {name}")
