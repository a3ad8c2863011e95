// Package config holds the settings of every command: what there is, what it is called on the command line, in the
// environment and in a file, and what it is when nobody says. It reads nothing itself.
//
// A setting's variable is YUNWEI_ and its flag in capitals: --token-key is YUNWEI_TOKEN_KEY. Temporal's own variables are
// read by its envconfig package.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/alecthomas/kong"
)

// Log says how a process logs, to standard error.
type Log struct {
	LogLevel  string `help:"Least level of what is logged: debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
	LogFormat string `help:"Format of the log: text or json." default:"text" enum:"text,json"`
}

// Dev is the settings of `yunwei dev`.
type Dev struct {
	Data           string `help:"Folder that holds all data; it is made when it does not exist." default:"./data" type:"path"`
	HTTP           string `help:"Address to serve HTTP on." default:"127.0.0.1:8080"`
	Policy         string `help:"Policy file; the plan's table 3.1 when none is given." type:"path"`
	TemporalPort   int    `help:"Port of the Temporal dev server; 0 is any free one." default:"7233"`
	TemporalUIPort int    `help:"Port of the Temporal Web UI; 0 is any free one." default:"8233"`
	SignalSign     string `help:"What a sign-off signal needs: code, open (nothing) or off (signals are refused)." default:"open" enum:"code,open,off"`
	DemoPassword   string `help:"Password of the demo accounts; the word in DATA/demo-password, made up at first, when none is given." placeholder:"WORD"`
	Database       string `help:"Database URL; an SQLite file in the data folder when none is given." placeholder:"URL"`
	Blob           string `help:"Bucket URL of attachments; a folder in the data folder when none is given." placeholder:"URL"`
	Notices
	Log
}

// Shared is the settings of every process that works on cases.
type Shared struct {
	Database   string `help:"Database URL: mysql://user:pass@host:3306/db or sqlite:///path/file.db." required:"" placeholder:"URL"`
	TokenKey   string `help:"Secret that signs tokens and sign-off codes: base64 of at least 32 random bytes, the same for all processes." required:"" placeholder:"BASE64"`
	SignalSign string `help:"What a sign-off signal needs: code, open (nothing) or off (signals are refused)." default:"code" enum:"code,open,off"`
	Log
}

// Serve is the settings of `yunwei serve`.
type Serve struct {
	Shared
	HTTP   string `help:"Address to serve HTTP on." default:"127.0.0.1:8080"`
	URL    string `name:"url" help:"Address at which people reach the desk: https://desk.example.org. Behind TLS that others end, it makes the cookies of the pages secure." placeholder:"URL"`
	Policy string `help:"Policy file; the plan's table 3.1 when none is given." type:"path"`
	Blob   string `help:"Bucket URL of attachments: file:///folder or s3://bucket?region=…" required:"" placeholder:"URL"`

	TemporalUI     string   `name:"temporal-ui" help:"Address at which the people of the service reach the Temporal Web UI: cases link to their workflows there. No links when none is given." placeholder:"URL"`
	TrustedProxies []string `name:"trusted-proxy" help:"Address or network of a reverse proxy whose X-Forwarded-For says who asks; may be given again." placeholder:"ADDRESS"`
}

// Worker is the settings of `yunwei worker`.
type Worker struct {
	Shared
	Notices
	Metrics string `help:"Address to serve /healthz, /readyz and /metrics on." default:"127.0.0.1:9090"`
	Policy  string `help:"Policy file, as the serving processes have it: its time zone says when nightly work is done." type:"path"`
}

// Store is the settings of the commands that only need the database.
type Store struct {
	Database string `help:"Database URL: mysql://user:pass@host:3306/db or sqlite:///path/file.db." required:"" placeholder:"URL"`
}

// Health is the settings of `yunwei health`.
type Health struct {
	HTTP string `help:"Address that the process to ask serves HTTP on." default:"127.0.0.1:8080"`
}

// Prefix begins the name of every variable.
const Prefix = "YUNWEI"

// minKey is how many bytes a token key has at least: the strength of its HMAC.
const minKey = 32

// DecodeKey returns the bytes of a token key. Its errors never repeat the key.
func DecodeKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("the token key is not base64: make one with `openssl rand -base64 32`")
	}
	if len(key) < minKey {
		return nil, fmt.Errorf("the token key has %d bytes, at least %d are needed: make one with `openssl rand -base64 32`", len(key), minKey)
	}
	return key, nil
}

// temporalVariables are those that Temporal's envconfig package reads.
var temporalVariables = []string{
	"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE",
	"TEMPORAL_TLS", "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_CERT_DATA", "TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_CLIENT_KEY_DATA",
	"TEMPORAL_TLS_SERVER_CA_CERT_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_DATA", "TEMPORAL_TLS_SERVER_NAME", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION",
}

// Variables returns the name of every environment variable that some command reads, in order.
func Variables() ([]string, error) {
	var all struct {
		Dev    Dev    `cmd:""`
		Serve  Serve  `cmd:""`
		Worker Worker `cmd:""`
		Health Health `cmd:""`
	}
	parser, err := kong.New(&all, kong.DefaultEnvars(Prefix))
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	names := append(slices.Clone(temporalVariables), Prefix+"_CONFIG")
	for _, command := range parser.Model.Children {
		for _, flag := range command.Flags {
			names = append(names, flag.Envs...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
