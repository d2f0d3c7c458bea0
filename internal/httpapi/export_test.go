package httpapi

// WebSources are the sources that pages preload.
func WebSources() (out []string) {
	out = append(out, shellSource)
	for _, p := range webPages {
		out = append(out, p.sources...)
		for _, tab := range p.tabs {
			out = append(out, tab)
		}
	}
	return out
}
