# syntax=docker/dockerfile:1
# Two stages. The dependencies are a layer of their own, which a change of sellbell's code does not rebuild. `.ci/dockerfile` runs the
# steps of the first stage without Docker.

FROM rust:1.95-slim-bookworm AS build
ARG PROFILE=release
WORKDIR /build
# The dependencies, with an empty crate around them.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
 && for bench in $(sed -n '/^\[\[bench\]\]/{n;s/^name = "\(.*\)"/\1/p}' Cargo.toml); do echo 'fn main() {}' > "benches/$bench.rs"; done \
 && echo 'fn main() {}' | tee tests/it/main.rs > src/main.rs && touch src/lib.rs \
 && cargo build --profile "$PROFILE" --locked --bin sellbell
# sellbell itself. Its files are older than that empty build, so they are touched.
COPY src ./src
RUN find src -name '*.rs' -exec touch {} + && cargo build --profile "$PROFILE" --locked --bin sellbell \
 && cp "${CARGO_TARGET_DIR:-target}/$([ "$PROFILE" = dev ] && echo debug || echo "$PROFILE")/sellbell" sellbell

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sellbell \
 && install -d -o sellbell -g sellbell /data
COPY --from=build /build/sellbell /usr/local/bin/sellbell
# Examples to start from. Mount your own over them.
COPY config /etc/sellbell/config
COPY rules /etc/sellbell/rules
ENV SELLBELL_STORE__DIR=/data/store \
    SELLBELL_EMAIL__OUT_DIR=/data/mail \
    SELLBELL_RULES__DIR=/etc/sellbell/rules
USER sellbell
WORKDIR /data
VOLUME /data
ENTRYPOINT ["/usr/local/bin/sellbell"]
CMD ["run", "--config", "/etc/sellbell/config/sellbell.toml"]
