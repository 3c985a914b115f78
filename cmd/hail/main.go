// Hail runs one thing on many machines over SSH, and leaves one log per host and one merged summary per run.
package main

import "os"

func main() { os.Exit(run(osEnvironment(os.Args[1:]))) }
