# The tasks of a day, each the command that it stands for. `make` alone lists them.
STACK ?= examples/minimal/stack.yaml
OUT ?= out

.PHONY: help build test lint audit local package clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## write everything that is deployed for STACK into OUT
	cargo run --release -- build $(STACK) --out $(OUT)

test: ## run every test
	cargo test --workspace

lint: ## formatting and lints, as CI has them
	cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

audit: ## hold the lock file against the advisories
	.ci/audit

local: ## an event on the desk, without AWS
	cargo run --release -- local $(STACK) --offline --sample update-launch-template

package: ## only the handler's zip
	cargo run --release -- package $(STACK) --out $(OUT)

clean: ## remove what was built here
	cargo clean
