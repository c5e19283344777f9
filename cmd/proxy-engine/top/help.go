package top

// help are the keys, as the help shows them.
func help() []line {
	var lines []line
	for _, h := range [][2]string{
		{"Tab 1 2 3 4", "another table"},
		{"Up Down PgUp PgDn", "another row (Home, End)"},
		{"< > s", "sort by another column"},
		{"r", "the other way round"},
		{"/", "show rows with all of these words"},
		{"Esc", "show all rows"},
		{"Enter k", "act on the row; asks before"},
		{"p", "pause"},
		{"Ctrl-L", "draw anew"},
		{"Ctrl-Z", "suspend"},
		{"q", "quit"},
	} {
		lines = append(lines, line{}.say(strong, pad(h[0], 17, false)).say(plain, h[1]))
	}
	return lines
}
