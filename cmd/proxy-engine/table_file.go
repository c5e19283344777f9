package main

// configFlag is the one setting that a configuration file can't have.
const configFlag = "config"

// fileRows are the settings of where settings are.
func fileRows(s *settings) []*setting {
	return []*setting{
		{flag: configFlag, meta: "FILE", value: scalar[string]{&s.file, parseText, asIs},
			usage: "Settings in YAML: a flag's name, without its dashes, and its value, or a list of values; --print-config=yaml prints one. " +
				"The environment takes precedence over it, and flags over both. A relative path anywhere is relative to the working directory."},
	}
}
