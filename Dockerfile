# keygan on the CPU: Debian 12 with Debian's libtorch.
#
#   docker build -t keygan .
#   docker run --rm -v "$PWD/runs:/keygan/runs" keygan keygan-train -c configs/demo.yaml
FROM golang:1.26-bookworm AS build
WORKDIR /keygan
COPY scripts/setup scripts/setup
COPY gotorch/cgotorch gotorch/cgotorch
RUN scripts/setup
COPY . .
RUN make build

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libtorch1.13 libgloo0 libopenblas0-pthread && rm -rf /var/lib/apt/lists/*
WORKDIR /keygan
COPY --from=build /keygan/build/bin/ /usr/local/bin/
COPY --from=build /keygan/build/lib/libcgotorch.so /usr/local/lib/
COPY configs configs
RUN ldconfig
CMD ["keygan", "--help"]
