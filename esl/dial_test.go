package esl

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "ClueCon7"

// login logs in to a peer that plays FreeSWITCH, and returns the result.
func login(t *testing.T, ctx context.Context, play func(fs peer)) (*Connection, error) {
	ours, theirs := net.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		defer theirs.Close()
		play(peer{NewReader(theirs, Limits{}), theirs, nil})
	})
	c, err := Login(ctx, ours, secret, Options{})
	if err != nil {
		running.Wait()
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v shows the password", err)
		}
		return nil, err
	}
	t.Cleanup(func() {
		c.Close()
		running.Wait()
	})
	return c, nil
}

// welcomes accepts any password and then plays on.
func welcomes(then func(fs peer)) func(fs peer) {
	return func(fs peer) {
		fs.frame(Header{"Content-Type", ContentAuth})
		fs.ReadCommand()
		fs.reply("+OK accepted")
		then(fs)
	}
}

func TestLogin(t *testing.T) {
	c, err := login(t, t.Context(), func(fs peer) {
		fs.frame(Header{"Content-Type", ContentAuth})
		request, err := fs.ReadCommand()
		if err != nil || request.Line != "auth "+secret {
			t.Error(request, err)
		}
		fs.reply("+OK accepted")
		fs.event("EARLY")
		fs.echo()
	})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := c.ReadEvent(t.Context()); err != nil || e.Name() != "EARLY" {
		t.Error(e, err)
	}
	if reply, err := c.Send(t.Context(), Raw("x")); err != nil || reply.Text() != "+OK x" {
		t.Error(reply.Text(), err)
	}
}

func TestLoginThatFails(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(fs peer)
		want error
	}{
		{"wrong password", func(fs peer) {
			fs.frame(Header{"Content-Type", ContentAuth})
			fs.ReadCommand()
			fs.reply("-ERR invalid")
		}, ErrAuth},
		{"access list", func(fs peer) {
			io.WriteString(fs, "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n")
		}, ErrRejected},
		{"closed at once", func(peer) {}, io.EOF},
		{"closed after the password", func(fs peer) {
			fs.frame(Header{"Content-Type", ContentAuth})
			fs.ReadCommand()
		}, io.EOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := login(t, t.Context(), test.play); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

func TestLoginAtAPeerThatSaysNothing(t *testing.T) {
	silence := func(fs peer) { fs.ReadCommand() }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := login(t, t.Context(), silence); err == nil || time.Since(began) != loginTimeout {
			t.Error(err, time.Since(began))
		}
		drain := errors.New("drain")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, drain)
		defer cancel()
		if _, err := login(t, ctx, silence); !errors.Is(err, drain) {
			t.Error(err)
		}
	})
}

func TestAPasswordThatIsTwoLines(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	_, err := Login(t.Context(), ours, secret+"\n\nexit", Options{})
	if _, ok := errors.AsType[*ArgumentError](err); !ok || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

func TestDial(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		nc, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer nc.Close()
		welcomes(peer.echo)(peer{NewReader(nc, Limits{}), nc, nil})
	})
	c, err := Dial(t.Context(), ln.Addr().String(), secret, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := c.Send(t.Context(), Raw("x")); err != nil || reply.Text() != "+OK x" {
		t.Error(reply.Text(), err)
	}
	c.Close()
	accepting.Wait()
	ln.Close()
	if _, err := Dial(t.Context(), ln.Addr().String(), secret, Options{}); err == nil ||
		strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}
