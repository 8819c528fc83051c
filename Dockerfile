# syntax=docker/dockerfile:1
# Two stages: the dependencies are a layer of their own, which a change of our code does not touch; the image that runs
# holds the program, certificates of nobody (they are built in), and no shell of ours.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The dependencies, with an empty crate around them.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it \
 && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
 && echo 'fn main() {}' | tee benches/parse.rs benches/memory.rs benches/rules.rs benches/reload.rs benches/deliver.rs benches/play.rs > tests/it/main.rs \
 && cargo build --release --locked --bin sellbell
# Our own code. Its files are older than that empty build, so they are touched.
COPY src ./src
RUN find src -name '*.rs' -exec touch {} + && cargo build --release --locked --bin sellbell

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sellbell \
 && install -d -o sellbell -g sellbell /data
COPY --from=build /build/target/release/sellbell /usr/local/bin/sellbell
# Examples to start from: mount your own over them.
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
