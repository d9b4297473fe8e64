# Every target sets up what it needs; the second time that takes no time.
# Options of the desk go through ARGS: make run ARGS="--shift 100 --home /tmp/second"
ARGS ?=
export PYTHON
# Each of a test's many processes would compile the whole program, where bytecode is not to be kept.
unexport PYTHONDONTWRITEBYTECODE

REAL = tests/setup tests/faults tests/asterisk/test_scenarios.py tests/asterisk
# With a memory of its own of what failed, for both kinds run at once.
SLOW = -o cache_dir=.pytest_cache/slow -m "postgres or slow" tests/unit tests/scenarios

.PHONY: help run test check bench

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile

run: ## set up everything and run the desk in this terminal; Ctrl-C stops it
	@sh setup/environment.sh
	@exec .venv/bin/ivr up $(ARGS)

check: ## style, types, unit tests and scenarios: no Asterisk needed, under 90 s
	@sh setup/environment.sh --dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	@.venv/bin/mypy >.mypy.log & types=$$!; \
	.venv/bin/pytest -q -n 2 -m "not postgres and not slow" tests/unit tests/scenarios; tests=$$?; \
	wait $$types; types=$$?; cat .mypy.log; exit $$((tests | types))

test: check ## all tests, with a real Asterisk; installs what they need
	@.venv/bin/python setup/programs.py
	@.venv/bin/ivr asterisk install
# Most tests on a real Asterisk wait, so four run at once, and the slow ones that need none have the processors meanwhile.
# Those of the set-up, the faults and the scenarios begin, for each of their files is long.
# What one upset in another on a busy machine must pass alone.
	@nice -n 19 .venv/bin/pytest -q $(SLOW) -n 2 >.slow-tests.log 2>&1 & slow=$$!; \
	{ .venv/bin/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not alone" $(REAL) || \
	.venv/bin/pytest --lf --lfnf none $(REAL); }; real=$$?; \
	wait $$slow; slow=$$?; cat .slow-tests.log; \
	if [ $$slow -ne 0 ]; then .venv/bin/pytest $(SLOW) --lf --lfnf none; slow=$$?; fi; \
	exit $$((real | slow))
	.venv/bin/pytest -m alone tests/faults || .venv/bin/pytest --lf --lfnf none tests/faults

bench: ## measure the desk against its limits (docs/measurements.md)
	@sh setup/environment.sh --dev
	@.venv/bin/python setup/programs.py
	@.venv/bin/ivr asterisk install
	.venv/bin/python -m tests.bench $(ARGS)
