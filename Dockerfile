# syntax=docker/dockerfile:1
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=development
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/yunwei ./cmd/yunwei
# The folders that the program writes to, and the account that it runs under.
RUN mkdir -p /out/data/attachments /out/tmp /out/etc/ssl/certs && chmod 1777 /out/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && \
    echo 'yunwei:x:65532:65532::/data:/sbin/nologin' > /out/etc/passwd && chown -R 65532:65532 /out/data

# Nothing but the program, and what it needs to trust others.
FROM scratch
COPY --from=build /out/ /
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/yunwei"]
CMD ["serve"]
