package report

// unit is one way to write a quantity. It is used for axes that reach from.
type unit struct {
	name string
	size float64 // in the quantity's base unit
	from float64
}

// best returns the largest unit that limit is enough for. units has the
// smallest first.
func best(units []unit, limit float64) unit {
	chosen := units[0]
	for _, u := range units {
		if limit >= u.from {
			chosen = u
		}
	}
	return chosen
}

func plain(name string) []unit { return []unit{{name, 1, 0}} }

func memoryUnits() []unit {
	return []unit{{"KiB", 1 << 10, 0}, {"MiB", 1 << 20, 1 << 20}, {"GiB", 1 << 30, 2 << 30}}
}

func byteRateUnits() []unit {
	return []unit{{"kB/s", 1e3, 0}, {"MB/s", 1e6, 1e6}, {"GB/s", 1e9, 1e9}}
}

func timeUnits() []unit { return []unit{{"s", 1, 0}, {"min", 60, 600}, {"h", 3600, 4 * 3600}} }

func latencyUnits() []unit { return []unit{{"us", 1e-6, 0}, {"ms", 1e-3, 2e-3}, {"s", 1, 2}} }
