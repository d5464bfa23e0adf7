# keygan on the CPU: Debian 12 with Debian's libtorch 1.13.
#
#   make docker
#   docker run --rm -v "$PWD/runs:/keygan/runs" keygan keygan-train -c configs/demo.yaml
#
# Programs run as the user keygan, with the user ID 1000. If your ID is another, add --user "$(id -u):$(id -g)", so that the runs are yours.
# Data sets go to /home/keygan/datasets: -v ~/datasets:/home/keygan/datasets:ro
#
# Why these versions: Debian 12.11 is the system on which we test, and libtorch1.13 is its only libtorch. Go 1.26.8 is the newest patch release
# of the version in go.mod. Packages from apt-get are not pinned: within Debian 12 they change only for fixes, and old versions vanish.
ARG GO=1.26.8
ARG DEBIAN=12.11

# The C++ side comes first: it takes minutes, and changes less often than the rest.
FROM golang:${GO}-bookworm AS cgotorch
WORKDIR /keygan
COPY scripts/setup scripts/setup
COPY gotorch/cgotorch gotorch/cgotorch
RUN scripts/setup

FROM cgotorch AS build
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN GOFLAGS=-ldflags=-X=keygan/internal/version.release=$VERSION make build

FROM debian:${DEBIAN}-slim
RUN apt-get update && apt-get install -y --no-install-recommends libtorch1.13 libgloo0 libopenblas0-pthread && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 1000 --create-home keygan && install -d -o keygan -g keygan /keygan /keygan/runs
WORKDIR /keygan
COPY --from=build /keygan/build/bin/ /usr/local/bin/
COPY --from=build /keygan/build/lib/libcgotorch.so /usr/local/lib/
COPY configs configs
RUN ldconfig
USER keygan
ENV HOME=/home/keygan
# Healthy means: libtorch loads, is the one that the C++ side was built for, and multiplies.
HEALTHCHECK --interval=5m --timeout=1m CMD ["keygan-train", "doctor"]
ARG VERSION=unknown
LABEL org.opencontainers.image.title="keygan" \
      org.opencontainers.image.description="Encrypts medical images with keys from generative adversarial networks, and measures how good that is (CPU)" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.base.name="docker.io/library/debian:12.11-slim"
CMD ["keygan", "--help"]
