package store

import (
	"context"
	"database/sql"
	"time"
)

// These methods hide those of database/sql with the same names. They count the statements, note
// when those of a transaction began, and do nothing else.

// transaction is an open transaction.
type transaction struct {
	*sql.Tx
	db *database
}

// BeginTx opens a transaction.
func (db *database) BeginTx(ctx context.Context, options *sql.TxOptions) (*transaction, error) {
	db.statements.Add(1)
	tx, err := db.DB.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &transaction{tx, db}, nil
}

// Commit ends the transaction.
func (tx *transaction) Commit() error {
	tx.db.asks()
	return tx.Tx.Commit()
}

// ExecContext runs a statement that returns no rows.
func (tx *transaction) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	tx.db.asks()
	return tx.Tx.ExecContext(ctx, statement, args...)
}

// QueryContext runs a statement that returns rows.
func (tx *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	tx.db.asks()
	return tx.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a statement that returns one row.
func (tx *transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	tx.db.asks()
	return tx.Tx.QueryRowContext(ctx, query, args...)
}

// ExecContext runs a statement that returns no rows, by itself.
func (db *database) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	db.statements.Add(1)
	return db.DB.ExecContext(ctx, statement, args...)
}

// QueryContext runs a statement that returns rows, by itself.
func (db *database) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	db.statements.Add(1)
	return db.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a statement that returns one row, by itself.
func (db *database) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	db.statements.Add(1)
	return db.DB.QueryRowContext(ctx, query, args...)
}

// asks counts a statement of a transaction, and notes when it began. The one before it has been
// answered then.
func (db *database) asks() {
	db.statements.Add(1)
	db.asked.Store(time.Now().UnixNano())
}
