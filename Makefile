# Each target is enough by itself on a machine with python3 (3.11 or newer): it makes the environment it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests and benchmarks start hundreds of Pythons: where this is set, each of them compiles Sayso anew, which costs more than all its imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench chaos format clean release matrix site

demo: $(VENV)/core
	@$(BIN)/sayso demo

test: $(VENV)/dev $(VENV)/public/tried
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -r s

check: $(VENV)/dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy examples
	@$(BIN)/pyright

# Half an hour on a quiet machine with two cores; at the end it lists the minutes of each, and what failed. make bench OPTIONS=--write puts
# the tables into benchmarks/RESULTS.md. Set SAYSO_CORPORA where the corpora are not beside the clone: a table that lacks rows is not written.
bench: $(VENV)/dev
	@$(BIN)/python benchmarks/_all.py $(OPTIONS)

# Each script in turn, for so many seconds: make chaos SECONDS=20
SECONDS ?= 60
chaos: $(VENV)/dev
	@failed=0; for file in tests/chaos/[a-z]*.py; do echo "$$file"; $(BIN)/python $$file --seconds $(SECONDS) || failed=1; done; exit $$failed

format: $(VENV)/dev
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

# The version stands in src/sayso/__init__.py alone. The files are tried by tests/house/test_wheel.py and, in each Python, by make matrix.
release: $(VENV)/dev
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . >/dev/null
	@ls dist/*

# Installs Sayso in each Python that is here, in each way, and types README into a fresh shell: make matrix OPTIONS=--short
matrix: $(VENV)/dev
	@$(BIN)/python tests/installs/matrix.py $(OPTIONS)

# The documentation, into build/site: open build/site/index.html. Fails on a warning, a link that leads nowhere, a name without a page.
site: $(VENV)/dev
	@$(BIN)/python docs/build_site.py

clean:
	@rm -rf $(VENV) dist build

# MCP servers that others wrote, for tests/mcp/test_public_servers.py: it skips one that could not be had here (no network, no npm).
$(VENV)/public/tried: $(VENV)/made
	@echo "Installing two public MCP servers into $(VENV)/public for the tests (once) ..." >&2
	@mkdir -p $(VENV)/public
	@-$(BIN)/python -m venv $(VENV)/public/python && \
		$(VENV)/public/python/bin/python -m pip install -qq --disable-pip-version-check mcp-server-time==2026.10.19 >&2
	@-if command -v npm >/dev/null; then \
		npm install --silent --no-audit --no-fund --prefix $(VENV)/public @modelcontextprotocol/server-filesystem@2026.8.31 >&2; fi
	@touch $@

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sayso needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$(PYTHON) cannot make environments. On Debian and Ubuntu: apt install python$$version-venv (or python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core: $(VENV)/made pyproject.toml
	@echo "Installing Sayso into $(VENV) (once) ..." >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[research]' >&2
	@touch $@

$(VENV)/dev: $(VENV)/made pyproject.toml
	@echo "Installing Sayso and its development tools into $(VENV) (once) ..." >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]' >&2
	@touch $@ $(VENV)/core
