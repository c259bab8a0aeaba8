package app

import (
	"nwayacd/api/httpapi"
	"nwayacd/internal/console"
)

// console returns the pages for people, which the HTTP port serves.
func (d *Daemon) console() *console.Console {
	return console.New(console.Options{
		Users: d.users, Release: version, Log: d.log, Secure: httpapi.IsSecure,
	})
}
