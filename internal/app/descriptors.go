package app

import "nwayacd/conf"

// spareDescriptors are for what is no client: the database, the journal, links, the log.
const spareDescriptors = 256

// socketBound returns how many connections the socket port takes: max-connections, or less if the
// process may open fewer files, because the other ports and the journal need some.
func socketBound(c *conf.Config, files int) int {
	left := files - c.Control.Max - c.HTTP.Max - spareDescriptors
	return min(c.Server.Max, max(left, files/2))
}
