package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func completionCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: shells,
		Description: `Examples:
  source <(hail completion bash)        in ~/.bashrc
  source <(hail completion zsh)         in ~/.zshrc, below compinit
  hail completion fish | source         in ~/.config/fish/config.fish
  hail completion powershell | Out-String | Invoke-Expression     in $PROFILE`,
		Action: func(c *cli.Context) error {
			script, ok := completionScripts[c.Args().First()]
			if !ok || c.Args().Len() != 1 {
				return usage("hail completion bash", "hail completion takes one shell: bash, zsh, fish or powershell")
			}
			_, err := io.WriteString(e.stdout, script)
			return err
		},
	}
}

// shells are those that have a script.
const shells = "bash|zsh|fish|powershell"

// The scripts ask hail itself: they pass the words up to the cursor to a hidden command, which prints the candidates, one
// per line. Where a file belongs, it prints nothing, and the shell completes files.
//
// bash also splits words at the characters of COMP_WORDBREAKS, which all its completions share. So the script joins the
// pieces of a word again, and returns only the part of each candidate that replaces what bash completes, which is $2: of
// web,@d it splits off @ and d, and completes @d.
var completionScripts = map[string]string{
	"bash": `_hail() {
	local IFS=$'\n' rest=$COMP_LINE words=() found=() w i last=-1
	for ((i = 0; i <= COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		if [[ $last -ge 0 && $rest != [[:space:]]* ]]; then
			words[last]+=$w
		else
			words[++last]=$w
		fi
		rest=${rest#"${rest%%[![:space:]]*}"}
		rest=${rest#"$w"}
	done
	for i in "${!words[@]}"; do
		words[i]=${words[i]#[\'\"]}
		((i == last)) || words[i]=${words[i]%[\'\"]}
	done
	found=($(hail ` + completeWord + ` "${words[@]:1}" 2>/dev/null))
	COMPREPLY=("${found[@]#"${words[last]%"$2"}"}")
	[[ $COMPREPLY == *[=/] ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _hail hail
`,
	"zsh": `_hail() {
	local -a found
	found=("${(@f)$(hail ` + completeWord + ` "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
	if [[ $found[1] == *[=/] ]]; then
		compadd -Q -S '' -- $found
	elif [[ -n $found[1] ]]; then
		compadd -Q -- $found
	else
		_files
	fi
}
compdef _hail hail
`,
	"fish": `complete -c hail -f -a '(hail ` + completeWord + ` (commandline -opc)[2..-1] (commandline -ct | string trim --left --chars "\'\"" | string collect --allow-empty) 2>/dev/null)'
`,
	"powershell": `Register-ArgumentCompleter -Native -CommandName hail -ScriptBlock {
	param($word, $command, $cursor)
	$name = $command.CommandElements[0].Extent
	$line = $name.StartScriptPosition.GetFullScript().Substring($name.EndOffset, $cursor - $name.EndOffset)
	hail ` + completePowerShellLine + ` ([uri]::EscapeDataString($line)) 2>$null
}
`,
}

// The hidden commands: for words, and for a line of PowerShell.
const (
	completeWord           = "__complete"
	completePowerShellLine = "__complete-powershell"
)
