# The whole interface of the project: `make book` and `make test`. The rest is for authors.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
SPHINX_OPTIONS := -W -n --keep-going

# One thread per process: the chapters and tests run side by side.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export TQDM_DISABLE := 1

.PHONY: book html execute manifest verdicts test verify mutate lint clean

book: $(READY)  ## execute every chapter in copies, then build the site from them
	rm -rf _build/html
	$(BIN)/python book/_ext/execute.py --to _build/source
	$(BIN)/jupyter-book build --quiet --all $(SPHINX_OPTIONS) --path-output . _build/source
	@echo "Built from what was just executed. Open $(CURDIR)/_build/html/index.html"

html: $(READY)  ## build the site from the outputs stored in book/
	$(BIN)/jupyter-book build --quiet --all $(SPHINX_OPTIONS) .
	@echo "Built from the stored outputs. Open $(CURDIR)/_build/html/index.html"

execute: $(READY)  ## re-execute chapters in place: make execute CHAPTERS="parity ledger"
	$(BIN)/python book/_ext/execute.py --in-place $(CHAPTERS)

manifest: $(READY)  ## after a new run: enter the digests of all stored records
	$(BIN)/python -c "from skillscale.lab import records; records.seal('results')"

verdicts: $(READY)  ## after a changed reading or claim: store what is judged now
	mkdir -p _build
	$(BIN)/skillscale ledger --json > _build/verdicts.json
	mv _build/verdicts.json results/verdicts.json

test: $(READY)  ## unit, property, doc, layer, book and browser tests; strict nbval on the chapters
	status=0; \
	$(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder --doctest-modules --durations 10 || status=1; \
	$(BIN)/pytest -q -n 4 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout 600 \
		-W default book/*.ipynb || status=1; \
	exit $$status

verify: $(READY)  ## run two seeds of every record again (hours): make verify RECORDS="geometry_two_skills"
	$(BIN)/python benchmarks/verify.py $(RECORDS)

mutate: $(READY)  ## do the tests notice small changes of the package? make mutate SEED=1 N=100
	$(BIN)/python tests/mutate.py --seed $(or $(SEED),1) --number $(or $(N),100)

lint: $(READY)  ## style and types
	$(BIN)/ruff check src tests benchmarks book
	$(BIN)/ruff format --check src tests benchmarks book/_ext book/conftest.py
	$(BIN)/mypy --strict src

clean:  ## remove what was built and executed; keep .venv
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" \
		|| { echo "skillscale needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -c constraints.txt "torch==2.13.0" -e '.[book,lm,test]'
	touch $@
