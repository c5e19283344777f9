package tlsterm

// serverFiles are what a server's files hold. Immutable.
type serverFiles struct {
	pairs []*loadedPair
	certs *certificates
	cas   *authorities // nil: clients aren't asked for a certificate
}

// build makes what the server needs of its files.
func (s *Server) build(c contents) (use func(), err error) {
	pairs, cas, err := load(c, s.options.ClientCA, s.options.Keypairs...)
	if err != nil {
		return nil, err
	}
	files := &serverFiles{pairs: pairs, certs: newCertificates(pairs), cas: cas}
	return func() { s.use(files) }, nil
}

// use has handshakes that begin from now on use other files.
func (s *Server) use(files *serverFiles) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Swap(files)
	for _, f := range s.faces {
		f.inner.Store(s.config(f, files))
	}
	if old == nil {
		old = &serverFiles{}
	}
	logPairs(s.log, old.pairs, files.pairs)
	logAuthorities(s.log, old.cas, files.cas)
}
