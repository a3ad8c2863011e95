FROM golang:1.26.8-bookworm AS build
ENV CGO_ENABLED=0 GOMODCACHE=/cache/modules GOCACHE=/cache/packages
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache go mod download
COPY . .
ARG VERSION=development
RUN --mount=type=cache,target=/cache \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/yunwei ./cmd/yunwei
# What else there is: the folders that the program writes to, its account, and what it needs to trust others.
RUN mkdir -p /data/attachments /out/tmp /out/etc/ssl/certs && chmod 1777 /out/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && \
    echo 'yunwei:x:65532:65532::/data:/sbin/nologin' > /out/etc/passwd

FROM scratch
COPY --from=build /out/ /
COPY --from=build --chown=65532:65532 /data/ /data/
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/yunwei"]
CMD ["serve"]
