# make build, make demo and make test install what they need, Go included. make install puts what was built into PREFIX.
# make dist builds the releases of keygan for all systems.
GO ?= go
PREFIX ?= /usr/local

.PHONY: setup build install uninstall dist demo reproduce test test-exact test-browser doctor bench-train bench-infer bench-cipher bench-evaluate cluster-kit docker clean

build:
	@GO="$(GO)" scripts/need-go
	@scripts/setup
	CGO_ENABLED=0 $(GO) build -trimpath -o build/bin/keygan ./cmd/keygan
	$(GO) build -trimpath -o build/bin/keygan-train ./cmd/keygan-train

setup:
	@scripts/setup

install:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install

uninstall:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install --uninstall

dist:
	@scripts/dist

demo:
	@scripts/demo

reproduce:
	@scripts/reproduce $(ARGS)

test:
	@scripts/test

test-exact:
	@scripts/test-exact

test-browser:
	@scripts/test-browser $(ARGS)

doctor:
	@scripts/doctor

bench-train: build
	@scripts/bench-train $(ARGS)

bench-infer:
	@scripts/bench-infer

bench-cipher:
	@scripts/bench-cipher

bench-evaluate:
	@scripts/bench-evaluate

cluster-kit:
	@scripts/cluster-kit

docker:
	docker build --build-arg VERSION="$$(git describe --tags --always --dirty)" -t keygan .

clean:
	rm -rf build
