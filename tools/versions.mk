# The versions of everything the toolchain runs. The tools stay out of go.work:
# their own dependencies must not move the versions we build with. Each is built
# from source into .tools/NAME@VERSION the first time a target needs it.

# Only for a machine whose own Go or Node is missing or too old.
GO_VERSION    := 1.26.8
NODE_VERSION  := 22.23.3

tool_names    := buf golangci-lint govulncheck helm protoc-gen-go

buf           := github.com/bufbuild/buf/cmd/buf@v1.72.0
golangci-lint := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
govulncheck   := golang.org/x/vuln/cmd/govulncheck@v1.8.0
helm          := helm.sh/helm/v3/cmd/helm@v3.22.0
protoc-gen-go := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
