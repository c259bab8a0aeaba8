// Package sql holds the migrations of the database, one folder a dialect, and nothing else. Package
// store applies them.
package sql

import "embed"

// Migrations are the files postgres/NNNN_name.sql and sqlite/NNNN_name.sql. Each runs once, in the
// order of its number, in one transaction; a file that a release has carried never changes again.
//
//go:embed postgres/*.sql sqlite/*.sql
var Migrations embed.FS
