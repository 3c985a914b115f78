# make test     all tests, with the race detector; installs what they need first
# make build    the program ./hail (the tag leaves out a Markdown library that only manual pages would need)
# make docs     docs/cli.md, from the program's own help
# make lint     gofmt, staticcheck, and go vet, also for another system and for 32 bits
# make torture  the long forms of the tests; installs what they need, too
# make bench    all benchmarks
# make fuzz     every fuzz target for a minute

multiarch := $(shell uname -m)-linux-gnu
export PATH := $(CURDIR)/.tools/usr/sbin:$(CURDIR)/.tools/usr/bin:$(CURDIR)/.tools/bin:$(PATH)
export LD_LIBRARY_PATH := $(CURDIR)/.tools/usr/lib/$(multiarch):$(CURDIR)/.tools/lib/$(multiarch):$(LD_LIBRARY_PATH)
export LIBRARY_PATH := $(CURDIR)/.tools/usr/lib/$(multiarch):$(LIBRARY_PATH)
export C_INCLUDE_PATH := $(CURDIR)/.tools/usr/include:$(CURDIR)/.tools/usr/include/$(multiarch):$(C_INCLUDE_PATH)
export PYTHONPATH := $(CURDIR)/.tools/usr/lib/python3/dist-packages:$(PYTHONPATH)

.PHONY: build test tools docs lint torture bench fuzz

build:
	go build -trimpath -tags urfave_cli_no_docs -ldflags '-s -w' -o hail ./cmd/hail

test: tools
	go test -race ./...

tools:
	@.ci/tools

docs:
	UPDATE_DOCS=1 go test ./cmd/hail -run TestReference

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	go vet ./...
	GOOS=darwin go vet ./...
	GOOS=freebsd GOARCH=386 go vet ./...
	go tool -modfile=.ci/tools.mod staticcheck ./...

torture:
	@.ci/tools torture
	npm install --silent --prefix .tools playwright-core junit-to-ctrf
	HAIL_TORTURE=1 go test -timeout 120m -run 'Torture|JumpOver' ./...

bench:
	go test -run '^$$' -bench . -benchmem -timeout 60m ./...

fuzz:
	@for p in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s -fuzzminimizetime 20x $$p || exit 1; \
		done; \
	done
