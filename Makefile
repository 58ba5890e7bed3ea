# Needs only Python 3.11 or newer and make. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test fuzz soak lint bench docs charts clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[backtest,dask,keyring,postgres,uvloop]" --group dev
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/gridbot demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered

fuzz: $(STAMP)
	GRIDBOT_FUZZ=$${GRIDBOT_FUZZ:-20} $(BIN)/python -m pytest tests/sim/test_schemathesis.py tests/sim/test_http_model.py tests/sim/test_fuzz.py

soak: $(STAMP)
	$(BIN)/gridbot rehearse --seeds 2000 --hours 6 --faults all --crash-rate 1
	for each in soak/library/*.yaml; do \
		$(BIN)/gridbot --config $$each rehearse --seeds 100 --faults all --crash-rate 1 || exit 1; \
	done
	$(BIN)/python soak/month.py --days 30
	$(BIN)/python soak/kills.py --kills 200 --database sqlite
	$(BIN)/python soak/kills.py --kills 50 --database postgres

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python benchmarks/demo_week.py

docs: $(STAMP)
	$(BIN)/python docs/reference.py build/api

charts: $(STAMP)
	$(BIN)/python docs/charts.py ../shared

clean:
	rm -rf .venv build dist .coverage* .mypy_cache .pytest_cache .ruff_cache
