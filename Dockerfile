# nwayacd as a static binary in an image without shell or package manager.
#
#   docker build -t nwayacd --build-arg VERSION=1.0.0 --build-arg COMMIT=$(git rev-parse --short HEAD) .
#   docker run --network host -v nwayacd:/var/lib/nwayacd nwayacd
#
# As built, all ports are on loopback, which with --network host suits a FreeSWITCH on the same host. For another
# network mount a configuration over /etc/nwayacd/nwayacd.toml, as deploy/compose.yaml does.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
# The modules change seldom: a layer of their own, so that editing the code does not fetch them again.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
# What the program is built from and nothing else: no layer ever holds a local .env file, the data or the history.
COPY main.go ./
COPY acd ./acd
COPY agent ./agent
COPY api ./api
COPY conf ./conf
COPY esl ./esl
COPY internal ./internal
COPY queue ./queue
COPY sim ./sim
COPY sql ./sql
COPY store ./store
ARG TARGETOS TARGETARCH
ARG VERSION=dev
ARG COMMIT=unknown
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X nwayacd/internal/app.version=$VERSION -X nwayacd/internal/app.commit=$COMMIT" -o /out/nwayacd . \
    && mkdir -p /out/data

# static-debian12 has CA certificates (sslmode=verify-full) and time zones; nonroot is uid 65532.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/nwayacd /nwayacd
COPY conf/nwayacd.toml /etc/nwayacd/nwayacd.toml
# A new volume takes the owner of the directory it is mounted over.
COPY --from=build --chown=65532:65532 /out/data /var/lib/nwayacd
# data-dir is relative: journal and SQLite file go to /var/lib/nwayacd/data.
WORKDIR /var/lib/nwayacd
VOLUME /var/lib/nwayacd
USER 65532:65532
EXPOSE 8084 8022 8085
# SIGTERM starts the drain: give it more time than drain-seconds (docker stop -t 40).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["/nwayacd", "health", "-c", "/etc/nwayacd/nwayacd.toml"]
ENTRYPOINT ["/nwayacd"]
CMD ["serve", "-c", "/etc/nwayacd/nwayacd.toml"]
