# The front door. `make` lists the targets; what they build is described in CMakeLists.txt and CMakePresets.json.

# Debian 12 packages. To build, to run and to test:
PACKAGES := cmake g++ ninja-build pkg-config python3 \
            capnproto libboost-dev libcapnp-dev libcli11-dev libfmt-dev libgtest-dev libmimalloc-dev librocksdb-dev libsodium-dev \
             librust-capnp-rpc-dev libspdlog-dev libssl-dev libtbb-dev nlohmann-json3-dev openssl xxd
# For the comparison with other libraries, its plots, and counting instructions.
BENCH_PACKAGES := python3-sklearn python3-xgboost python3-matplotlib valgrind
# For libFuzzer; for the formatter and the linter.
FUZZ_PACKAGES := clang libclang-rt-14-dev
FORMAT_PACKAGES := clang-format git
TIDY_PACKAGES := clang-tidy

JOBS ?= $(shell nproc)
SOAK_SEEDS ?= 100
SOAK_KILLS ?= 3000
SOAK_RESTARTS ?= 25
SOAK_SECONDS ?= 600
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := csv schema infer page rpc
DEMO_DATA := build/demo/data

.DEFAULT_GOAL := help
.PHONY: help demo build test bench soak soak-server fuzz asan tsan tidy format deps

help: ## what can be made (this list)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build $(DEMO_DATA)/rand_visits-train.csv ## the whole story on real data: train, predict, forget, verify
	@build/hedgerow demo --data $(DEMO_DATA)

build: deps ## the program, as build/hedgerow
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target hedgerow
	@ln -sfn release/hedgerow build/hedgerow

test: deps ## build everything and run all tests
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	ctest --preset release --parallel $(JOBS)

bench: deps ## build everything and run the benchmarks; compares with scikit-learn and XGBoost
	$(call install,$(BENCH_PACKAGES),the comparison with other libraries and its plots)
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	bench/run build/release

soak: deps ## SOAK_KILLS=3000 kills of a working store, a fault at each of its writes, SOAK_RESTARTS=25 of a server by each signal, the random tests under SOAK_SEEDS=100 seeds (hours)
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	HEDGEROW_SOAK_KILLS=$(SOAK_KILLS) ctest --preset release --tests-regex storage_crash
	HEDGEROW_SOAK_FAULTS=1 ctest --preset release --tests-regex EveryWriteAndSyncMayFail
	HEDGEROW_SOAK_RESTARTS=$(SOAK_RESTARTS) ctest --preset release --tests-regex '^cli$$'
	@for seed in $$(seq 1 $(SOAK_SEEDS)); do \
	  echo "Seed $$seed of $(SOAK_SEEDS):"; \
	  HEDGEROW_TEST_SEED=$$seed ctest --preset release --parallel $(JOBS) --label-exclude cli --exclude-regex Exhaustive || exit 1; \
	done

soak-server: deps ## SOAK_SECONDS=600 of mixed load on a server: address and undefined-behaviour sanitizers, then the thread sanitizer on a database in memory
	cmake --preset asan
	cmake --build --preset asan --parallel $(JOBS) --target hedgerow
	cmake --preset tsan
	cmake --build --preset tsan --parallel $(JOBS) --target hedgerow_memory
	HEDGEROW_SOAK_SECONDS=$(SOAK_SECONDS) ctest --preset asan --tests-regex '^soak_hedgerow$$' --verbose
	HEDGEROW_SOAK_SECONDS=$(SOAK_SECONDS) ctest --preset tsan --tests-regex '^soak_hedgerow_memory$$' --verbose

fuzz: deps ## FUZZ_SECONDS=60 of libFuzzer for each parser of outside bytes; what it finds ends it, and lies in build/fuzz
	$(call install,$(FUZZ_PACKAGES),libFuzzer)
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS)
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p build/fuzz/corpus/$$target && echo "Fuzzing $$target:" && \
	  build/fuzz/tests/fuzz/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -timeout=60 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=build/fuzz/found-$$target- build/fuzz/corpus/$$target || exit 1; \
	done

asan: deps ## all tests under the address and undefined-behaviour sanitizers
	cmake --workflow --preset asan

tsan: deps ## all tests under the thread sanitizer
	cmake --workflow --preset tsan

tidy: deps ## the linter over the product, its findings as errors
	$(call install,$(TIDY_PACKAGES),the linter)
	cmake --workflow --preset tidy

format: ## the formatter over everything
	$(call install,$(FORMAT_PACKAGES),the formatter)
	git ls-files '*.cpp' '*.h' | xargs clang-format -i

deps: ## install the Debian packages that are missing
	$(call install,$(PACKAGES),building and testing)

# Installs what is missing of the packages $(1), needed for $(2). Says so first; does nothing where all are there.
define install
@command -v dpkg-query > /dev/null || { echo "This is no Debian: please see yourself to the counterparts of $(1)."; exit 0; }; \
missing=$$(for package in $(1); do \
  dpkg-query --show --showformat='$${db:Status-Status}\n' $$package 2> /dev/null | grep -qx installed || echo $$package; \
done | xargs); \
[ -n "$$missing" ] || exit 0; \
if [ "$$(id -u)" = 0 ]; then as_root=; \
elif command -v sudo > /dev/null; then as_root=sudo; \
else \
  echo "Missing for $(2): $$missing. There is no sudo; please run as root:"; \
  echo "  apt-get update && apt-get install --no-install-recommends $$missing"; \
  exit 1; \
fi; \
echo "Installing Debian packages for $(2): $$missing"; \
$$as_root apt-get update -qq && \
$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -qq $$missing
endef

# The RAND Health Insurance Experiment (public domain), out of a Debian package that is fetched but not installed.
# Where it cannot be had, the demo makes people up, and says so.
$(DEMO_DATA)/rand_visits-train.csv: | build
	@mkdir -p build/demo
	@cd build/demo && rm -f python3-statsmodels_*.deb && \
	echo "Fetching the demo's data: randhie.csv of the Debian package python3-statsmodels (not installed)" && \
	download() { apt-get download -qq -o APT::Sandbox::User="$$(id -un)" python3-statsmodels 2> download.log; }; \
	{ download || { [ "$$(id -u)" = 0 ] && apt-get update -qq && download; }; } && \
	dpkg-deb --fsys-tarfile python3-statsmodels_*.deb | \
	  tar -xO ./usr/lib/python3/dist-packages/statsmodels/datasets/randhie/randhie.csv > randhie.csv && \
	../hedgerow demo --prepare randhie.csv --data data && rm python3-statsmodels_*.deb || \
	echo "It could not be had (see build/demo/download.log); the demo runs on made-up people."
