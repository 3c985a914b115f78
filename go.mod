module hail

go 1.26.0

toolchain go1.26.8

require (
	github.com/Masterminds/semver/v3 v3.5.0 // versions and ranges of versions, as users write them; alive, no dependencies
	github.com/aymanbagabas/go-udiff v0.4.1 // unified diffs; from gopls, no dependencies
	github.com/gofrs/flock v0.13.2 // the lock of a record and of known_hosts; portable, no dependencies
	github.com/google/renameio/v2 v2.0.2 // files that are whole or not there; from Google, no dependencies
	github.com/itchyny/gojq v0.12.20 // jq expressions, which users know; alive
	github.com/kevinburke/ssh_config v1.6.0 // parses ssh_config; given
	github.com/rogpeppe/go-internal v1.16.0 // tests: scripts that drive the real main
	github.com/urfave/cli/v2 v2.27.7 // commands and options; given
	github.com/xuri/excelize/v2 v2.11.1 // spreadsheets, written row by row; alive, nothing lighter writes typed cells
	go.starlark.net v0.0.0-20260908191801-89a6a09411d5 // the parser of Python's literals, for Ansible's INI
	golang.org/x/crypto v0.59.0 // the SSH protocol; given
	golang.org/x/sys v0.50.0 // fdatasync, and how far a host is
	golang.org/x/term v0.48.0 // is it a terminal, and how wide
	golang.org/x/text v0.44.0 // how wide a character is on a terminal
	golang.org/x/time v0.16.0 // a limit of bytes a second; from Go, no dependencies
	gopkg.in/yaml.v3 v3.0.1 // parses YAML; given
	pgregory.net/rapid v1.3.0 // tests: properties
)

require (
	github.com/cpuguy83/go-md2man/v2 v2.0.7 // indirect
	github.com/itchyny/timefmt-go v0.1.9 // indirect
	github.com/kr/pretty v0.1.0 // indirect
	github.com/richardlehane/mscfb v1.0.9 // indirect
	github.com/richardlehane/msoleps v1.0.6 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/tiendc/go-deepcopy v1.7.2 // indirect
	github.com/xrash/smetrics v0.0.0-20240521201337-686a1a2994c1 // indirect
	github.com/xuri/efp v0.0.3-0.20260924042702-217b81952dec // indirect
	github.com/xuri/nfp v0.0.2-0.20250530014748-2ddeb826f9a9 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	gopkg.in/check.v1 v1.0.0-20180628173108-788fd7840127 // indirect
)
