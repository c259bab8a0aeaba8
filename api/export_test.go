package api

// Split is split for the tests in package api_test.
var Split = split

// Check is check for the tests in package api_test.
func (c *Command) Check(args []string) error { return c.check(args) }
