package resolve

import (
	"maps"
	"slices"
)

// difference is what a new table changes.
type difference struct {
	// resources are those that are answered differently, by whatever way.
	resources               []string
	added, changed, removed int
}

func diff(old, table routeTable) difference {
	var d difference
	for resource, res := range table {
		before, ok := old[resource]
		switch {
		case !ok:
			d.added++
		case !sameResult(before, res):
			d.changed++
		default:
			continue
		}
		d.resources = append(d.resources, resource)
	}
	for resource := range old {
		if _, ok := table[resource]; !ok {
			d.removed++
			d.resources = append(d.resources, resource)
		}
	}
	return d
}

func sameResult(a, b Result) bool {
	return a.Endpoint == b.Endpoint && slices.Equal(a.Others, b.Others) && a.Balance == b.Balance &&
		a.Timeout == b.Timeout && a.TTL == b.TTL && a.State == b.State && a.Wake == b.Wake && a.Drain == b.Drain &&
		a.MaxSessions == b.MaxSessions && a.SessionRate == b.SessionRate && maps.Equal(a.Metadata, b.Metadata)
}
