package mysql

// typeMoreData is the first byte of an AuthMoreData, whose rest belongs to the
// authentication method.
const typeMoreData = 0x01

// What caching_sha2_password says in an AuthMoreData of one byte. (MySQL:
// sql/auth/sha2_password.cc.)
const (
	// sha2Known: the server knows the password's hash, and OK follows.
	sha2Known = 0x03
	// sha2Full: the client must send its password.
	sha2Full = 0x04
)

// The client's requests for the server's RSA key, each a packet of this byte.
const (
	// sha2KeyRequest is caching_sha2_password's.
	sha2KeyRequest = 0x02
	// sha256KeyRequest is sha256_password's.
	sha256KeyRequest = 0x01
)

// isMoreData says that the payload is an AuthMoreData of that one byte.
func isMoreData(payload []byte, data byte) bool {
	return len(payload) == 2 && payload[0] == typeMoreData && payload[1] == data
}
