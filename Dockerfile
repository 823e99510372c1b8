# An image with the binary, the TLS roots and a directory for the ledger: docker run --rm -e JELOU_… jelouctl send template …
# For a job that needs a shell in its image, as in GitLab: docker build --target shell .
# Rust 1.93 and newer link musl 1.2.5, which repeats a DNS query over TCP if the response is truncated.
FROM rust:1.94.1-alpine3.23@sha256:77237dd363a0b127bb5ef532c2d64c0deb380b738e43a9c4bdac73398d6d0a08 AS build
# The packages have no versions, because Alpine removes older ones. The mode is only for the last directory.
# hadolint ignore=DL3018,SC2174
RUN apk add --no-cache musl-dev ca-certificates && mkdir -p -m 700 /state/jelouctl
WORKDIR /source
COPY . .
RUN cargo build --profile dist --locked

FROM alpine:3.23.3@sha256:25109184c71bdad752c8312a8623239686a9a2071e8825f20acb8f2198c3f659 AS shell
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65534:65534 /state/ /var/lib/
COPY --from=build /source/target/dist/jelouctl /usr/local/bin/jelouctl
ENV XDG_STATE_HOME=/var/lib
USER 65534:65534
CMD ["/bin/sh"]

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Mount a volume at /var/lib/jelouctl to keep the runs after the container is removed.
COPY --from=build --chown=65534:65534 /state/ /var/lib/
COPY --from=build /source/target/dist/jelouctl /jelouctl
ENV XDG_STATE_HOME=/var/lib
# Run as nobody: the program does not need privileges.
USER 65534:65534
ENTRYPOINT ["/jelouctl"]
