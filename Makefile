# Two commands do everything on a fresh machine: `make quickstart` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
.DEFAULT_GOAL := help
.PHONY: help quickstart test browser lab run export readme lesson experiments bench attack

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): settings.ini setup.py
	@echo "Installing into .venv: a few minutes the first time, PyTorch is large ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq -e '.[dev]'
	@touch $(INSTALLED)
	@echo "Installed."

quickstart: $(INSTALLED)  ## train a real classifier on real images, offline (three minutes)
	@$(BIN)/python tools/notebooks.py play nbs/00_quickstart.ipynb

test: $(INSTALLED)  ## every check that CI makes: the notebooks are the tests
	@$(BIN)/python tools/check.py

browser: $(INSTALLED)  ## the pages in a real browser, if Chromium is there (a minute)
	@$(BIN)/python tools/browser.py

lab: $(INSTALLED)  ## open the course in JupyterLab
	@$(BIN)/jupyter lab nbs

run: $(INSTALLED)  ## execute every notebook in place and keep its outputs (NB=nbs/01_data.ipynb for one)
	@$(BIN)/python tools/notebooks.py run $(NB)

export: $(INSTALLED)  ## write the package from the notebooks
	@$(BIN)/nbdev_export

readme: $(INSTALLED)  ## write README.md from nbs/index.ipynb
	@$(BIN)/python tools/notebooks.py readme

lesson: $(INSTALLED)  ## begin a lesson from the template: make lesson NAME=17_name
	@$(BIN)/python tools/new_lesson.py $(NAME)

experiments: $(INSTALLED)  ## run a stored experiment: make experiments NAME=preprocessing (LANES=2: two runs at once)
	@$(BIN)/python tools/experiments.py $(NAME) $(LANES)

bench: $(INSTALLED)  ## the same job in tlcourse, fastai and plain PyTorch (an hour; JOBS=whole: all images; JOBS=accuracy: seconds to an accuracy)
	@$(BIN)/python bench/run.py $(JOBS)

attack: $(INSTALLED)  ## kills, damages, hostile files and bad inputs as a table (ten minutes; ROW="WORD" for some, ROW=short)
	@$(BIN)/python tools/attack.py $(ROW)
