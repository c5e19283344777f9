package main

import "slices"

// commands are the flags that ask for something else than to run, and their
// values.
type commands map[string]string

func (c commands) has(name string) bool {
	_, ok := c[name]
	return ok
}

const (
	cmdCheck       = "check"
	cmdPrintConfig = "print-config"
	cmdCompletion  = "completion"
	cmdMan         = "man"
	cmdVersion     = "version"
	cmdHelp        = "help"
)

// asYAML is the value of --print-config that makes it a configuration file.
const asYAML = "yaml"

// command is a flag that asks for something else than to run.
type command struct {
	name string
	// choices are the values it takes, nil if it takes none.
	choices []string
	// optional says that it does without a value too. One it has stands behind
	// "=" then.
	optional bool
	usage    string
}

// commandList has the commands in the order of the help.
func commandList() []command {
	return []command{
		{name: cmdCheck, usage: "Check the configuration, report everything that is wrong with it, and exit 0 or 1."},
		{name: cmdPrintConfig, choices: []string{asYAML}, optional: true,
			usage: "Print the configuration in effect and where each value comes from, and exit; with =yaml as a file for --config, " +
				"in which what isn't set is a comment. Passwords are left out."},
		{name: cmdCompletion, choices: []string{"bash", "zsh", "fish"},
			usage: "Print a script that completes these flags in a shell, and exit."},
		{name: cmdMan, usage: "Print the manual page, and exit: proxy-engine --man | man -l -"},
		{name: cmdVersion, usage: "Print the version and exit."},
		{name: cmdHelp, usage: "Print this help and exit."},
	}
}

// commandNamed finds a command, nil if there is none of the name.
func commandNamed(name string) *command {
	all := commandList()
	if i := slices.IndexFunc(all, func(c command) bool { return c.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

func commandNames() []string {
	var names []string
	for _, c := range commandList() {
		names = append(names, c.name)
	}
	return names
}

func isCommand(name string) bool { return commandNamed(name) != nil }

// takesValue says whether a value must follow the command.
func (c *command) takesValue() bool { return c.choices != nil && !c.optional }

// form is the command as the help has it.
func (c *command) form() string {
	switch {
	case c.optional:
		return "--" + c.name + "[=" + c.choices[0] + "]"
	case c.takesValue():
		return "--" + c.name + " SHELL"
	}
	return "--" + c.name
}
