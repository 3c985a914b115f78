package runner

import "io"

// Stdio is what a command is given besides its line. The zero value is a command with empty input whose output is
// thrown away.
type Stdio struct {
	In       io.Reader // nil: empty. Exec returns without waiting for a read of it that blocks
	Size     int64     // how many bytes In has; a Conn that has to know says so
	Out, Err io.Writer // nil: thrown away, but read. One may be written while the other is

	// Env are variables as KEY=value. They travel without the server's consent (no AcceptEnv) where the Conn can do
	// that; a Conn that can't sends them as requests, which the server may ignore.
	Env []string

	// Secrets are variables likewise that must not stand in a command line, where others could see them.
	Secrets []string

	// Hold keeps the command's input open after In has ended, until ctx does: the wrapper takes the end of the input
	// as the order to end the command.
	Hold bool

	// Flow says that the command reads In as it comes, and ends when it does: to close it is all that ending the command takes.
	// A Conn that would keep In on the host first, or have the command watched, does not.
	Flow bool

	// Program says that the command is one program with its arguments, in words as Quote writes them: no shell of the user's is
	// needed to read it, and a Conn that can does without.
	Program bool

	// Limit is the time that the command has, which ctx keeps; a Conn that can has the host keep it, too, in case that the
	// network dies without a word. 0: none.
	Limit Duration

	// TTY gives the command a terminal, on which Out and Err come as one, in Out. The terminal ends what runs on it when
	// the command is dropped. A Conn that has none fails.
	TTY bool

	// Grace is how long a command may go on after ctx has ended and its input was closed; 0 drops it at once.
	Grace Duration
}
