// Package sql holds the migrations of the database, in a folder for each dialect, and nothing else.
// Package store applies them.
package sql

import "embed"

// Migrations are the files postgres/NNNN_name.sql and sqlite/NNNN_name.sql. Each runs once, in the
// order of its number, in one transaction. The statements of a file never change after a release.
//
//go:embed postgres/*.sql sqlite/*.sql
var Migrations embed.FS
