# Shortcuts. `.ci/run` is what decides.

# List the recipes
default:
    @just --list

# Run the bot on bundled filings
demo:
    cargo run -- demo

# Format, lint and check the documentation
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked

# Run the tests that finish within two minutes
test *ARGS:
    cargo test --locked {{ARGS}}

# Accept changed snapshots, to review them with `git diff`
snapshots *ARGS:
    INSTA_UPDATE=always cargo test --locked {{ARGS}}

# Run the long tests: more storms, kills and hours
long:
    cargo test --locked --test it -- --ignored --nocapture at_length

# Run a benchmark: parse, memory, rules, reload, deliver, play or store
bench NAME *ARGS:
    cargo bench --bench {{NAME}} -- {{ARGS}}

# Run everything that decides whether a change is merged
ci:
    .ci/run
