// Link stands between a browser and Tandem as a phone network would: it ends TLS with HTTP/2 and a certificate of its own,
// and models the way there as a delay, a shared rate, the round trip of a TCP handshake and slow start with an initial
// window of ten segments (RFC 6928). Browsers' own throttling leaves the last two out, and flatters by about a second.
//
//	link -to http://127.0.0.1:8080 -slow 127.0.0.1:9001 -fast 127.0.0.1:9002
//
// It prints the hash of its public key for Chromium's --ignore-certificate-errors-spki-list: with an error that was merely
// ignored, a browser connects twice and caches nothing.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"flag"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

func main() {
	to := flag.String("to", "http://127.0.0.1:8080", "Tandem's address")
	fast := flag.String("fast", "127.0.0.1:9002", "where TLS is served without a delay")
	slow := flag.String("slow", "127.0.0.1:9001", "where TLS is served over the link")
	l := link{}
	flag.DurationVar(&l.rtt, "rtt", 300*time.Millisecond, "round trip time")
	down := flag.Float64("down", 1.6e6, "bit/s to the browser")
	up := flag.Float64("up", 768e3, "bit/s from the browser")
	flag.IntVar(&l.window, "window", 10, "initial congestion window, segments")
	flag.Parse()
	l.down.rate, l.up.rate = *down, *up
	if err := run(*to, *fast, *slow, &l); err != nil {
		log.Fatal(err)
	}
}

func run(to, fast, slow string, l *link) error {
	target, err := url.Parse(to)
	if err != nil {
		return fmt.Errorf("-to: %w", err)
	}
	cert, err := certificate()
	if err != nil {
		return err
	}
	spki := sha256.Sum256(cert.Leaf.RawSubjectPublicKeyInfo)
	fmt.Println(base64.StdEncoding.EncodeToString(spki[:]))
	server := &http.Server{
		Addr: fast,
		Handler: &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		}},
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13},
		ReadHeaderTimeout: time.Minute,
	}
	listener, err := net.Listen("tcp", slow)
	if err != nil {
		return fmt.Errorf("-slow: %w", err)
	}
	failed := make(chan error, 2)
	go func() { failed <- server.ListenAndServeTLS("", "") }()
	go func() { failed <- l.serve(listener, fast) }()
	return <-failed
}

// certificate makes one for this host that nobody has a reason to trust.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Tandem measurement"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
