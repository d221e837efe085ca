// A Prometheus exporter in Go as far as the web configuration goes: serves until it is stopped, or says
// why not. Usage: peer ADDRESS FILE
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/exporter-toolkit/web"
)

func main() {
	systemd := false
	addresses := []string{os.Args[1]}
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "peer") })
	flags := web.FlagConfig{WebListenAddresses: &addresses, WebSystemdSocket: &systemd, WebConfigFile: &os.Args[2]}
	err := web.ListenAndServe(&http.Server{}, &flags, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
