package cli

import (
	"fmt"

	"nwayacd/internal/auth/users"
)

// Token is `nwayacd token`.
type Token struct {
	Add     TokenAdd     `cmd:"" help:"Add a token. Its key is made and printed once."`
	List    TokenList    `cmd:"" help:"List the tokens."`
	Disable TokenDisable `cmd:"" help:"Accept a token no more."`
	Enable  TokenEnable  `cmd:"" help:"Accept a disabled token again."`
	Remove  TokenRemove  `cmd:"" help:"Remove a token."`
}

// TokenAdd is `nwayacd token add`.
type TokenAdd struct {
	serverFlags
	rights
	Days int    `help:"Days until the token expires; 0 is never."`
	Name string `arg:"" help:"a-z 0-9 . _ @ -"`
	Role string `arg:"" enum:"wall,read,agent,supervisor,admin,metrics,directory" help:"wall, read, agent, supervisor, admin, metrics or directory"`
}

// Run adds the token.
func (c *TokenAdd) Run() error {
	o, err := c.office()
	if err != nil {
		return err
	}
	return c.add(o)
}

func (c *TokenAdd) add(o *office) error {
	key, hash := users.NewToken()
	groups, extension := c.words()
	if err := o.say("nway_token", "add", c.Name, c.Role, groups, extension, fmt.Sprint(c.Days), hash); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.out, "token (shown once): %s\n", key)
	return err
}

// TokenList is `nwayacd token list`.
type TokenList struct{ serverFlags }

// Run lists the tokens.
func (c *TokenList) Run() error { return c.saying("nway_token", "list") }

// TokenDisable is `nwayacd token disable`.
type TokenDisable struct{ named }

// Run disables the token.
func (c *TokenDisable) Run() error { return c.saying("nway_token", "disable", c.Name) }

// TokenEnable is `nwayacd token enable`.
type TokenEnable struct{ named }

// Run enables the token.
func (c *TokenEnable) Run() error { return c.saying("nway_token", "enable", c.Name) }

// TokenRemove is `nwayacd token remove`.
type TokenRemove struct{ named }

// Run removes the token.
func (c *TokenRemove) Run() error { return c.saying("nway_token", "remove", c.Name) }
