package realtime

// Stuck is a node whose loop that reads the change log never comes round.
func Stuck() *Node {
	return &Node{broker: newLogBroker(nil, "", nil, nil), done: make(chan struct{})}
}
