# Both stages are of one Debian release: the binary needs the libc that it was built with.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY tools tools
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package provost-cli \
    && install target/release/provost /usr/local/bin/provost

FROM debian:12-slim
# The authorities of the servers that signing keys are fetched from.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/bin/provost /usr/local/bin/
RUN install -d -m 0700 -o 65532 -g 65532 /var/lib/provost
# The folder with platform-settings.json, to be mounted. THINGWORX_SSO_SETTINGS=/etc/provost is for those who
# have an sso-settings.json: a variable that names a file which is not there is a mistake.
ENV THINGWORX_PLATFORM_SETTINGS=/etc/provost
# The database is in ./data, and nothing is written elsewhere.
WORKDIR /var/lib/provost
VOLUME /var/lib/provost
# A number, so that whoever runs it can see that it is not root.
USER 65532:65532
EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["provost", "healthcheck"]
ENTRYPOINT ["provost"]
CMD ["serve"]
