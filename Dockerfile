# The binary and the roots of TLS, nothing else: docker run --rm -e JELOU_… jelouctl send template …
FROM rust:1.89-alpine AS build
RUN apk add --no-cache musl-dev ca-certificates
WORKDIR /source
COPY . .
RUN cargo build --release --locked

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /source/target/release/jelouctl /jelouctl
# Nobody: the program needs no right of its own.
USER 65534:65534
ENTRYPOINT ["/jelouctl"]
