package runner

import "io"

// Stdio is what a command gets besides its command line. The zero value is an empty input, and output that is thrown
// away.
type Stdio struct {
	In       io.Reader // nil: empty. Exec does not wait for a Read that blocks
	Size     int64     // how many bytes In has; 0: not known, with which a Conn that has to know fails
	Out, Err io.Writer // nil: read and thrown away. Both may be written to at the same time

	// Env holds variables as KEY=value. Where the Conn can, they are set without the server's consent (AcceptEnv);
	// otherwise they are sent as requests, which the server may ignore.
	Env []string

	// Secrets holds further variables, which must not appear in a command line, where others could see them.
	Secrets []string

	// Hold keeps the command's input open after In has ended, until ctx ends: the wrapper takes the end of the input as
	// the order to end the command.
	Hold bool

	// Flow says that the command reads In as it arrives and ends when In does, so that closing the input is enough to
	// end the command. A Conn that would otherwise store In on the host first, or have the command watched, does
	// neither.
	Flow bool

	// Program says that the command is one program with its arguments, quoted as by Quote. It needs no shell of the
	// user's to read it, and a Conn that can run it without one does.
	Program bool

	// Limit is the time that the command has. ctx enforces it; a Conn that can also has the host enforce it, in case
	// the network dies silently. 0: no limit.
	Limit Duration

	// TTY gives the command a terminal. Both outputs then arrive as one, in Out, and the terminal ends what runs on it
	// when the command is dropped. A Conn that has no terminals fails.
	TTY bool

	// Grace is how long the command may go on after ctx has ended and its input was closed; 0 drops it at once.
	Grace Duration
}

// Sized returns s with the Size of its In, if that is not given and In knows it: by a method Len() int, as a strings.Reader,
// a bytes.Reader and a bytes.Buffer have. An In that is empty becomes nil. Target.Exec does this for every action.
func (s Stdio) Sized() Stdio {
	if in, ok := s.In.(interface{ Len() int }); ok && s.Size == 0 {
		if s.Size = int64(in.Len()); s.Size == 0 {
			s.In = nil
		}
	}
	return s
}
