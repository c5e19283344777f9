package clienthello

// The extensions that are read.
const (
	extensionServerName        = 0
	extensionProtocols         = 16
	extensionSupportedVersions = 43
)

// readExtensions reads those that matter, each of which may come once (RFC
// 8446 section 4.2). The repetition of another one is its reader's matter: to
// find it takes memory.
func (h *Hello) readExtensions(list *reader) Status {
	var named, listed, versioned bool
	for list.more() {
		kind, data := list.uint16(), list.vector16()
		if list.short {
			return BadStructure
		}
		switch kind {
		case extensionServerName:
			if named || !h.readServerName(data) {
				return BadServerName
			}
			named = true
		case extensionProtocols:
			if listed || !h.readProtocols(data) {
				return BadProtocols
			}
			listed = true
		case extensionSupportedVersions:
			if versioned || !h.readVersions(data) {
				return BadVersions
			}
			versioned = true
		}
	}
	return Complete
}

// typeHostName is the only type of name there is.
const typeHostName = 0

// readServerName reads a list of names, of which one at most is a host's.
func (h *Hello) readServerName(data []byte) bool {
	outer := reader{rest: data}
	list := reader{rest: outer.vector16()}
	if !outer.whole() || !list.more() {
		return false
	}
	for list.more() {
		kind, name := list.uint8(), list.vector16()
		switch {
		case len(name) == 0:
			return false
		case kind != typeHostName:
			continue
		case h.ServerName != nil || !IsHostName(name):
			return false
		}
		h.ServerName = lower(name)
	}
	return true
}

// readProtocols keeps the list, whose every entry has been seen to be sound.
func (h *Hello) readProtocols(data []byte) bool {
	outer := reader{rest: data}
	h.protocols = outer.vector16()
	list := reader{rest: h.protocols}
	if !outer.whole() || !list.more() {
		return false
	}
	for list.more() {
		if len(list.vector8()) == 0 {
			return false
		}
	}
	return true
}

// readVersions finds the highest version offered, among other things that are
// to be ignored (RFC 8701).
func (h *Hello) readVersions(data []byte) bool {
	outer := reader{rest: data}
	list := reader{rest: outer.vector8()}
	if !outer.whole() || !list.more() {
		return false
	}
	h.Version = 0
	for list.more() {
		if v := Version(list.uint16()); v>>8 == versionMajor {
			h.Version = max(h.Version, v)
		}
	}
	return !list.short
}
