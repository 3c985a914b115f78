package sshtest

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

func (r *Running) checkPassword(password string) error {
	if password == r.Password {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guesses++
	return errors.New("wrong password")
}

func (r *Running) serverConfig() *ssh.ServerConfig {
	allowed := map[string]bool{}
	for _, k := range r.Authorized {
		allowed[string(k.Marshal())] = true
	}
	c := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-hail_sshtest",
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			r.pause(r.LoginDelay)
			if !allowed[string(key.Marshal())] {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
	}
	if r.Password != "" || r.EndlessAsking {
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			for r.EndlessAsking {
				if _, err := ask("", "", nil, nil); err != nil {
					return nil, err
				}
			}
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil {
				return nil, err
			}
			return nil, r.checkPassword(strings.Join(answers, ""))
		}
	}
	if r.Password != "" && !r.Asks {
		c.PasswordCallback = func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return nil, r.checkPassword(string(password))
		}
	}
	if r.Banner != "" {
		c.BannerCallback = func(ssh.ConnMetadata) string { return r.Banner }
	}
	if r.EndlessBanner {
		c.PreAuthConnCallback = func(c ssh.ServerPreAuthConn) {
			for c.SendAuthBanner(strings.Repeat("spam ", 1000)) == nil {
			}
		}
	}
	c.AddHostKey(r.HostKey)
	return c
}

// pause waits for d, or for Close.
func (r *Running) pause(d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-r.end:
	}
}
