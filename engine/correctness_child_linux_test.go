package engine_test

const childSettings = "X"

func childMain(string) int { return 0 }
