# The only list of commands: README and CI call these.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -q
JOBS   := 2
CRATES := --manifest-path backends/rust/Cargo.toml --workspace

# CuPy has one distribution for each major version of CUDA; the driver says which one it runs.
CUDA          = $(filter 12 13,$(shell nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9]*\).*/\1/p'))
CUPY          = backends/cupy$(if $(CUDA),[cuda$(CUDA)])

# Where cargo is missing, has no toolchain or is too old, CARGO is empty and everything goes on without Rust.
RUST_NEEDED  := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' backends/rust/Cargo.toml)
RUST_FOUND   := $(shell cargo --version 2>/dev/null | cut -d ' ' -f 2)
CARGO        := $(if $(RUST_FOUND),$(shell printf '%s\n' $(RUST_NEEDED) $(RUST_FOUND) | sort -C -V && echo yes))

PROJECTS     := pyproject.toml backends/numba/pyproject.toml backends/cupy/pyproject.toml backends/dask/pyproject.toml monitor/pyproject.toml
PACKAGING    := $(VENV)-packaging
PURE         := . backends/numba backends/cupy backends/dask monitor
RUST_SOURCES := $(shell find backends/rust -path '*/target' -prune -o \( -name '*.rs' -o -name '*.toml' -o -name 'Cargo.lock' \) -print)

.PHONY: help setup runtime demo test test-minimal test-gpu-rig roofline fuzz lint format bench bench-page bench-pipeline bench-device check-packages wheels third-party-licences docs clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# What pip installs and what cargo compiles need not wait for each other.
setup: ## the environment with everything this machine can carry
	@$(MAKE) --no-print-directory -j2 $(VENV)/tools.done $(VENV)/rust.done

runtime:
	@$(MAKE) --no-print-directory -j2 $(VENV)/python.done $(VENV)/rust.done

$(VENV)/pip.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip
	@touch $@

$(VENV)/python.done: $(VENV)/pip.done $(PROJECTS)
	$(PIP) install --quiet -e '.[cli]' -e backends/numba -e '$(CUPY)' -e backends/dask -e monitor
	@$(if $(CUDA),,echo 'No NVIDIA driver of CUDA 12 or 13 was found: CuPy is left out.')
	@touch $@

$(VENV)/tools.done: $(VENV)/python.done pyproject.toml tests/third_party/example/pyproject.toml
	$(PIP) install --quiet -e '.[report]' --group test --group lint -e tests/third_party/example
	@touch $@

$(VENV)/rust.done: $(VENV)/pip.done $(RUST_SOURCES)
ifeq ($(CARGO),)
	@echo "The Rust backend is left out: $(if $(RUST_FOUND),cargo $(RUST_FOUND) is older than $(RUST_NEEDED),cargo is not installed) (https://rustup.rs installs it; then run make again)."
else
	$(PIP) install --quiet --no-deps -e backends/rust
	@touch $@
endif

demo: runtime ## condition monitoring on a simulated plant, end to end (ARGS="file.csv --report out.html" for your own data)
	@echo "This is acm-monitor, of the distribution in monitor/; acm-dispatch demo runs it, too."
	$(BIN)/acm-monitor $(ARGS)

test: setup ## every test, Rust's included
ifneq ($(CARGO),)
	cargo test $(CRATES) --exclude acm_rs --exclude 'acm_py*' --release --quiet
	chosen=$$($(BIN)/python -c 'from acm_rs import _core; print(_core.isa())'); \
	for isa in baseline avx2 avx512; do \
		case $$chosen in $$isa*) continue;; esac; \
		ACM_RS_ISA=$$isa $(PYTEST) -n $(JOBS) --pyargs acm_dispatch.testing --backend=rust || exit 1; \
	done
endif
	$(PYTEST) -n $(JOBS) --pyargs tests acm_dispatch.testing

test-minimal: ## the contracts where nothing but NumPy, SciPy and pytest is installed
	$(PYTHON) -m venv $(VENV)-minimal
	$(VENV)-minimal/bin/python -m pip --disable-pip-version-check install --quiet . pytest
	cd $(VENV)-minimal && bin/python -m pytest -q --pyargs acm_dispatch.testing --backend=numpy

RIG := tests/gpu_rig
RIG_PYTEST := PYTHONPATH=$(RIG) $(PYTEST) --noconftest -p no:cacheprovider -n $(JOBS)

test-gpu-rig: setup ## the CUDA kernels without a GPU: on the host, checked, and by NVIDIA's compiler (needs g++)
	$(RIG_PYTEST) $(RIG)/check_values.py $(RIG)/check_faults.py $(RIG)/check_mutants.py $(RIG)/check_compiled.py
	$(RIG_PYTEST) -p host_backend --pyargs acm_dispatch.testing --backend=cuda_on_host

roofline: setup ## bounds of the CUDA kernels on three cards, by counting
	PYTHONPATH=$(RIG) $(BIN)/python -m benchmarks.roofline

DRAWS ?= 100000
SEED  ?= 0
FUZZ  := $(BIN)/python -m acm_dispatch.testing.fuzz --draws=$(DRAWS) --seed=$(SEED)

fuzz: setup ## random calls held to the references: all, or ARGS="--backend=rust --operation=zscore" (DRAWS=100000 SEED=0)
	$(FUZZ) $(ARGS)
ifneq ($(CARGO),)
ifeq ($(ARGS),)
	chosen=$$($(BIN)/python -c 'from acm_rs import _core; print(_core.isa())'); \
	for isa in baseline avx2 avx512; do \
		case $$chosen in $$isa*) continue;; esac; \
		ACM_RS_ISA=$$isa $(FUZZ) --backend=rust || exit 1; \
	done
endif
endif

lint: setup ## formatting, static checks and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
ifneq ($(CARGO),)
	cargo fmt --manifest-path backends/rust/Cargo.toml --all --check
	cargo clippy $(CRATES) --all-targets --release --quiet -- -D warnings
	$(BIN)/python -m mypy.stubtest acm_rs._core --ignore-disjoint-bases
endif

format: setup ## rewrite the sources in the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
ifneq ($(CARGO),)
	cargo fmt --manifest-path backends/rust/Cargo.toml --all
endif

bench: setup ## kernels against what users would pick instead, into benchmarks/results/
	$(PIP) install --quiet --group bench
	$(BIN)/python -m benchmarks $(ARGS)

bench-page: ## the page and the figures of the last `make bench`, into docs/, where a release keeps them (ARGS="--name partial" for other results)
	$(BIN)/python -m benchmarks.pages $(ARGS)

bench-pipeline: setup ## the whole chain of a condition monitoring against NumPy, pandas and scikit-learn, by stage
	$(PIP) install --quiet --group bench
	$(BIN)/python -m benchmarks.pipeline $(ARGS)

bench-device: setup ## what a GPU gains over this machine's CPU, with arrays that stay on it and that are copied
	$(BIN)/python -m benchmarks.device $(ARGS)

$(PACKAGING)/tools.done: pyproject.toml
	$(PYTHON) -m venv $(PACKAGING)
	$(PACKAGING)/bin/python -m pip --disable-pip-version-check install --quiet --upgrade pip
	$(PACKAGING)/bin/python -m pip --disable-pip-version-check install --quiet --group packaging
	@touch $@

check-packages: $(PACKAGING)/tools.done ## the distributions without compiled code, built into dist/ and checked as PyPI and its readers would
	rm -rf dist
	for project in $(PURE); do $(PACKAGING)/bin/python -m build --no-isolation --outdir dist $$project >$(PACKAGING)/build.log || { cat $(PACKAGING)/build.log; exit 1; }; done
	$(PACKAGING)/bin/validate-pyproject $(addsuffix /pyproject.toml,$(PURE) backends/rust)
	for project in $(PURE) $(if $(CARGO),backends/rust); do $(PACKAGING)/bin/pyroma --min 10 $$project || exit 1; done
	$(PACKAGING)/bin/twine check --strict dist/*
	$(PACKAGING)/bin/check-wheel-contents dist/*.whl
	$(PACKAGING)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PACKAGING)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(PACKAGING)/bin/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

# Zig links against the oldest glibc that Rust serves, whatever this machine's is. Each target needs its standard library:
# make wheels WHEELS_FOR="x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu" after `rustup target add`.
WHEELS_FOR ?= $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
FRESH       = $(abspath $(VENV)-fresh)/bin

wheels: check-packages ## every distribution into dist/, the Rust wheel for any Linux of this processor, and the kit on them in a fresh environment without compilers
	cd backends/rust && for target in $(WHEELS_FOR); do \
		case $$target in *musl) oldest=musllinux_1_2;; *) oldest=manylinux2014;; esac; \
		PATH="$(abspath $(PACKAGING))/bin:$$PATH" maturin build --release --zig --target $$target --compatibility $$oldest --out $(abspath dist) || exit 1; \
	done
	for wheel in dist/acm_dispatch_rust-*.whl; do $(PACKAGING)/bin/auditwheel show $$wheel || exit 1; done
	$(PACKAGING)/bin/twine check --strict dist/*
	$(PACKAGING)/bin/check-wheel-contents dist/*.whl
	rm -rf $(VENV)-fresh
	$(PYTHON) -m venv $(VENV)-fresh
	PATH=$(FRESH) python -m pip --disable-pip-version-check install --quiet --find-links dist 'acm-dispatch[rust,cli]' pytest
	cd $(VENV)-fresh && PATH=$(FRESH) python -m pytest -q -p no:cacheprovider --pyargs acm_dispatch.testing --backend=rust

third-party-licences: ## backends/rust/THIRDPARTY.yml, the licences of what is compiled into the Rust wheel (cargo-bundle-licenses is needed)
	cd backends/rust && cargo bundle-licenses --format yaml --output THIRDPARTY.yml

SITE := docs/_build/html

docs: setup ## the site, into docs/_build/html: pages of operations and settings are written; a warning, a dead link or a page too wide for its screen or hard to read is an error
	$(PIP) install --quiet --group docs
	$(BIN)/python docs/generate.py
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs $(SITE)
	$(BIN)/python docs/check_links.py $(SITE)
	$(BIN)/python docs/check_looks.py $(SITE)

clean: ## remove the environment and everything built
	rm -rf docs/_build $(VENV) $(VENV)-minimal $(VENV)-fresh $(PACKAGING) dist backends/rust/target
