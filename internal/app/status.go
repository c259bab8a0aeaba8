package app

import (
	"fmt"
	"strings"

	"nwayacd/api/httpapi"
	"nwayacd/internal/metrics"
	"nwayacd/store"
)

// warnings are what does not end the service, but should be looked at.
func (d *Daemon) warnings(log LogStatus, database store.Status) (all []httpapi.Notice) {
	for _, c := range []*portCertificate{d.controlCertificate, d.httpCertificate} {
		if n, due := c.warning(); due {
			all = append(all, n)
		}
	}
	if log.Fault != "" {
		all = append(all, httpapi.Notice{
			Word: httpapi.WordLog, Text: fmt.Sprintf("%s; dropped: %d lines and %d records", log.Fault,
				log.DroppedLines, log.DroppedRecords),
		})
	}
	if len(database.Jobs) > 0 {
		text := "work on tables that an upgrade left for later is not done: " + strings.Join(database.Jobs, ", ")
		if database.JobFault != "" {
			text += "; it fails: " + database.JobFault
		}
		all = append(all, httpapi.Notice{Word: httpapi.WordUpgrade, Text: text})
	}
	return all
}

// storeStatus returns the state of the store for the metrics.
func (d *Daemon) storeStatus() metrics.StoreStatus {
	s := d.store.Status()
	return metrics.StoreStatus{
		Up: s.Up, DiskUp: s.DiskUp, Pending: s.Pending, PendingBytes: s.PendingBytes, LimitBytes: s.LimitBytes,
		Oldest: s.Oldest, Applied: s.Applied, Statements: s.Statements, GivenUp: s.GivenUp, Dropped: s.Dropped,
		Stopped: s.Stopped, Rejected: s.Rejected, Damaged: s.Damaged, Jobs: len(s.Jobs),
		Deleted: s.Deleted,
	}
}
