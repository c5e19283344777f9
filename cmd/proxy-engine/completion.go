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

// completions are all flags of the proxy, in the order of the help.
func (t table) completions() []completion {
	all := t.ownCompletions()
	for _, c := range commandList() {
		done := completion{flag: c.name, takesValue: c.takesValue(), usage: firstSentence(c.usage)}
		if c.takesValue() {
			done.choices, done.meta = c.choices, "SHELL"
		}
		all = append(all, done)
	}
	return all
}

// ownCompletions are the table's flags.
func (t table) ownCompletions() []completion {
	var all []completion
	for _, row := range t.rows() {
		_, repeats := row.value.(repeatable)
		all = append(all, completion{
			flag: row.flag, takesValue: !row.isSwitch(), choices: row.choices, file: row.meta == "FILE",
			repeats: repeats, meta: row.meta, usage: firstSentence(row.usage),
		})
	}
	return all
}

// firstWords are the words that may come first, in place of a flag.
func firstWords() string {
	names := []string{cmdHelp}
	for _, sub := range subcommandList() {
		names = append(names, sub.name)
	}
	return strings.Join(names, " ")
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
		"  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} words\n"+
		"  if [ \"$word\" = \"=\" ]; then word=\"\"; elif [ \"$flag\" = \"=\" ]; then flag=${COMP_WORDS[COMP_CWORD-2]}; fi\n"+
		"  COMPREPLY=()\n")
	for _, sub := range subcommandList() {
		fmt.Fprintf(w, "  if [ \"$COMP_CWORD\" -gt 1 ] && [ \"${COMP_WORDS[1]}\" = %s ]; then\n", sub.name)
		printBashFlags(w, sub.table().ownCompletions(), "")
		fmt.Fprint(w, "    return\n  fi\n")
	}
	printBashFlags(w, t.completions(), "    [ \"$COMP_CWORD\" = 1 ] && words=\"$words "+firstWords()+"\"\n")
	fmt.Fprint(w, "}\ncomplete -F _proxy_engine proxy-engine\n")
}

// printBashFlags completes some flags and their values. What more there is to
// choose from is added by a line.
func printBashFlags(w io.Writer, all []completion, more string) {
	fmt.Fprint(w, "  case $flag in\n")
	var flags, files, texts []string
	for _, c := range all {
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
	fmt.Fprintf(w, "    %s) return ;;\n  esac\n    words='%s'\n%s", strings.Join(texts, "|"), strings.Join(flags, " "), more)
	fmt.Fprint(w, "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n")
}

func (t table) printZsh(w io.Writer) {
	fmt.Fprint(w, "#compdef proxy-engine\n# zsh completion for proxy-engine: put it into a folder of fpath, as _proxy-engine.\n")
	for _, sub := range subcommandList() {
		fmt.Fprintf(w, "if (( CURRENT > 2 )) && [[ ${words[2]} = %s ]]; then\n  shift words; (( CURRENT-- ))\n  _arguments -S", sub.name)
		printZshFlags(w, sub.table().ownCompletions())
		fmt.Fprint(w, "  return\nfi\n")
	}
	fmt.Fprintf(w, "_arguments -S '1: :(%s)'", firstWords())
	printZshFlags(w, t.completions())
}

func printZshFlags(w io.Writer, all []completion) {
	for _, c := range all {
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
	fmt.Fprintf(w, "complete -c proxy-engine -n __fish_is_first_token -a '%s'\n", firstWords())
	names := ""
	for _, sub := range subcommandList() {
		names += " " + sub.name
		printFishFlags(w, "__fish_seen_subcommand_from "+sub.name, sub.table().ownCompletions())
	}
	printFishFlags(w, "not __fish_seen_subcommand_from"+names, t.completions())
}

// printFishFlags completes flags where a condition holds.
func printFishFlags(w io.Writer, when string, all []completion) {
	for _, c := range all {
		fmt.Fprintf(w, "complete -c proxy-engine -n '%s' -l %s%s -d %s\n", when, c.flag, c.fish(), quoteShell(c.usage, `\'`))
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
