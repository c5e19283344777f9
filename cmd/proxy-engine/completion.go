package main

import (
	"fmt"
	"io"
	"strings"
)

// printCompletion prints the script that completes the flags in a shell, and
// says whether there is one for it.
func (t table) printCompletion(w io.Writer, shell string) bool {
	switch shell {
	case "bash":
		t.printBash(w)
	case "zsh":
		t.printZsh(w)
	case "fish":
		t.printFish(w)
	default:
		return false
	}
	return true
}

// completion is what a shell is told of a flag.
type completion struct {
	flag string
	// takesValue says that one may follow as a word of its own; without it the
	// flag is a switch.
	takesValue bool
	// choices are its values, nil if there is nothing to choose.
	choices []string
	// file says that the value is a file's name.
	file bool
	// repeats says that the flag may be given several times.
	repeats bool
	meta    string
	usage   string
}

// completions are all flags, in the order of the help.
func (t table) completions() []completion {
	var all []completion
	for _, row := range t.rows() {
		_, repeats := row.value.(repeatable)
		all = append(all, completion{
			flag: row.flag, takesValue: !row.isSwitch(), choices: row.choices, file: row.meta == "FILE",
			repeats: repeats, meta: row.meta, usage: firstSentence(row.usage),
		})
	}
	for _, c := range commandList() {
		done := completion{flag: c.name, takesValue: c.takesValue(), usage: firstSentence(c.usage)}
		if c.takesValue() {
			done.choices, done.meta = c.choices, "SHELL"
		}
		all = append(all, done)
	}
	return all
}

// firstSentence is what fits beside a flag in a shell's list.
func firstSentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	first, _, _ = strings.Cut(first, ": ")
	return strings.TrimSuffix(first, ".")
}

// printBash takes the word and the one before it from the line, for readline
// parts words at "=".
func (t table) printBash(w io.Writer) {
	fmt.Fprint(w, "# bash completion for proxy-engine: source it, or put it where bash-completion looks.\n_proxy_engine() {\n"+
		"  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]}\n"+
		"  if [ \"$word\" = \"=\" ]; then word=\"\"; elif [ \"$flag\" = \"=\" ]; then flag=${COMP_WORDS[COMP_CWORD-2]}; fi\n"+
		"  COMPREPLY=()\n  case $flag in\n")
	var flags, files, texts []string
	for _, c := range t.completions() {
		name := "--" + c.flag
		flags = append(flags, name)
		switch {
		case c.choices != nil:
			fmt.Fprintf(w, "    %s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\"); return ;;\n", name, strings.Join(c.choices, " "))
		case c.file:
			files = append(files, name)
		case c.takesValue:
			texts = append(texts, name)
		}
	}
	fmt.Fprintf(w, "    %s) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n", strings.Join(files, "|"))
	fmt.Fprintf(w, "    %s) return ;;\n  esac\n", strings.Join(texts, "|"))
	fmt.Fprintf(w, "  mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")\n}\ncomplete -F _proxy_engine proxy-engine\n", strings.Join(flags, " "))
}

func (t table) printZsh(w io.Writer) {
	fmt.Fprint(w, "#compdef proxy-engine\n# zsh completion for proxy-engine: put it into a folder of fpath, as _proxy-engine.\n_arguments -S")
	for _, c := range t.completions() {
		fmt.Fprintf(w, " \\\n  %s", c.zsh())
	}
	fmt.Fprintln(w)
}

// zsh is the flag as _arguments wants it.
func (c completion) zsh() string {
	spec := "--" + c.flag
	if c.takesValue {
		spec += "="
	}
	if c.repeats {
		spec = "*" + spec
	}
	spec += "[" + strings.NewReplacer("[", `\[`, "]", `\]`).Replace(c.usage) + "]"
	if c.takesValue {
		spec += ":" + strings.NewReplacer(":", `\:`, "[", "", "]", "").Replace(c.meta) + ":"
	}
	switch {
	case c.choices != nil && c.takesValue:
		spec += "(" + strings.Join(c.choices, " ") + ")"
	case c.file:
		spec += "_files"
	}
	return quoteShell(spec, `'\''`)
}

func (t table) printFish(w io.Writer) {
	fmt.Fprint(w, "# fish completion for proxy-engine: put it into ~/.config/fish/completions.\ncomplete -c proxy-engine -f\n")
	for _, c := range t.completions() {
		fmt.Fprintf(w, "complete -c proxy-engine -l %s%s -d %s\n", c.flag, c.fish(), quoteShell(c.usage, `\'`))
	}
}

// fish are the options that say what the flag's value is.
func (c completion) fish() string {
	switch {
	case !c.takesValue:
		return ""
	case c.choices != nil:
		return " -x -a " + quoteShell(strings.Join(c.choices, " "), `\'`)
	case c.file:
		return " -r -F"
	}
	return " -x"
}

// quoteShell puts a text in single quotes; quote stands for one within.
func quoteShell(text, quote string) string {
	return "'" + strings.ReplaceAll(text, "'", quote) + "'"
}
