// Package deploy_test reads docker-compose.yml with the compose specification's own library, and holds it against what
// the program reads and what a deployment must not get wrong.
package deploy_test

import (
	"context"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"yunwei/contract"
)

const (
	composeFile = "../docker-compose.yml"
	exampleFile = "../.env.example"
	healthy     = types.ServiceConditionHealthy
	completed   = types.ServiceConditionCompletedSuccessfully
)

// ours are the services that run our program.
var ours = []string{"migrate", "serve", "worker"}

// load reads the compose file, and others that change it, with these variables and no others.
func load(t *testing.T, env map[string]string, overrides ...string) (*types.Project, error) {
	t.Helper()
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	options, err := cli.NewProjectOptions(append([]string{composeFile}, overrides...), cli.WithEnv(list), cli.WithResolvedPaths(true))
	require.NoError(t, err)
	return options.LoadProject(context.Background())
}

func example(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(exampleFile)
	require.NoError(t, err)
	defer f.Close()
	env, err := dotenv.Parse(f)
	require.NoError(t, err)
	return env
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, example(t))
	require.NoError(t, err)
	return p
}

func TestServices_AreThoseOfADeployment(t *testing.T) {
	require.ElementsMatch(t, []string{
		"mysql", "temporal-mysql", "temporal-schema", "temporal", "temporal-namespace", "temporal-ui", "migrate", "serve", "worker",
	}, project(t).ServiceNames())
}

func TestDependencies_WaitForWhatTheyNeed(t *testing.T) {
	want := map[string]map[string]string{
		"mysql":              {},
		"temporal-mysql":     {},
		"temporal-schema":    {"temporal-mysql": healthy},
		"temporal":           {"temporal-mysql": healthy, "temporal-schema": completed},
		"temporal-namespace": {"temporal": healthy},
		"temporal-ui":        {"temporal": healthy},
		"migrate":            {"mysql": healthy},
		"serve":              {"migrate": completed, "temporal-namespace": completed},
		"worker":             {"migrate": completed, "temporal-namespace": completed},
	}
	for name, service := range project(t).Services {
		got := map[string]string{}
		for on, how := range service.DependsOn {
			require.True(t, how.Required, "%s needs %s", name, on)
			got[on] = how.Condition
		}
		require.Equal(t, want[name], got, name)
	}
}

// TestLife_OnceOrForEver: what ends is tried again when it failed, what runs on is watched and restarted.
func TestLife_OnceOrForEver(t *testing.T) {
	once := []string{"temporal-schema", "temporal-namespace", "migrate"}
	for name, service := range project(t).Services {
		if slices.Contains(once, name) {
			require.Equal(t, "on-failure:5", service.Restart, name)
			continue
		}
		require.Equal(t, types.RestartPolicyUnlessStopped, service.Restart, name)
		require.NotNil(t, service.HealthCheck, name)
		require.False(t, service.HealthCheck.Disable, name)
		require.NotEmpty(t, service.HealthCheck.Test, name)
		require.NotNil(t, service.HealthCheck.Interval, name)
		require.NotNil(t, service.HealthCheck.Timeout, name)
		require.NotNil(t, service.HealthCheck.Retries, name)
	}
}

// TestHealth_AsksOurProgram: its image has no shell and no curl.
func TestHealth_AsksOurProgram(t *testing.T) {
	p := project(t)
	require.Equal(t, types.HealthCheckTest{"CMD", "/yunwei", "health"}, p.Services["serve"].HealthCheck.Test)
	worker := p.Services["worker"]
	_, port, _ := strings.Cut(*worker.Environment["YUNWEI_METRICS"], ":")
	require.Equal(t, types.HealthCheckTest{"CMD", "/yunwei", "health", "--http", "127.0.0.1:" + port}, worker.HealthCheck.Test)
}

// TestDatabases_AreApart: the product's and Temporal's share neither server, nor volume, nor network, nor password, so
// that either may be down or be taken without the other.
func TestDatabases_AreApart(t *testing.T) {
	p := project(t)
	product, temporal := p.Services["mysql"], p.Services["temporal-mysql"]
	require.NotEqual(t, volumes(product), volumes(temporal))
	for network := range product.Networks {
		require.NotContains(t, temporal.Networks, network)
		require.True(t, p.Networks[network].Internal, network)
	}
	for network := range temporal.Networks {
		require.True(t, p.Networks[network].Internal, network)
	}
	for _, name := range ours {
		require.NotContains(t, p.Services[name].Networks, "temporal-store", name)
		require.Contains(t, *p.Services[name].Environment["YUNWEI_DATABASE"], "@mysql:3306/", name)
	}
	require.NotContains(t, p.Services["temporal"].Networks, "product")
	require.Equal(t, "temporal-mysql", *p.Services["temporal"].Environment["MYSQL_SEEDS"])
	require.Equal(t, "temporal-mysql", *p.Services["temporal-schema"].Environment["SQL_HOST"])

	env := example(t)
	env["YUNWEI_DB_PASSWORD"], env["TEMPORAL_DB_PASSWORD"] = "one", "two"
	p, err := load(t, env)
	require.NoError(t, err)
	require.Equal(t, "one", *p.Services["mysql"].Environment["MYSQL_PASSWORD"])
	require.Equal(t, "two", *p.Services["temporal-mysql"].Environment["MYSQL_PASSWORD"])
	require.Equal(t, "two", *p.Services["temporal"].Environment["MYSQL_PWD"])
	require.Equal(t, "two", *p.Services["temporal-schema"].Environment["SQL_PASSWORD"])
}

func volumes(s types.ServiceConfig) []string {
	var names []string
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeVolume {
			names = append(names, v.Source)
		}
	}
	return names
}

// TestVolumes_AreNamed: what is kept is in a named volume; all else that is mounted is a file of ours, read only.
func TestVolumes_AreNamed(t *testing.T) {
	p := project(t)
	require.ElementsMatch(t, []string{"mysql", "temporal-mysql", "attachments"}, slices.Collect(maps.Keys(p.Volumes)))
	for name, service := range p.Services {
		for _, v := range service.Volumes {
			if v.Type == types.VolumeTypeVolume {
				require.Contains(t, p.Volumes, v.Source, name)
				continue
			}
			require.Equal(t, types.VolumeTypeBind, v.Type, name)
			require.True(t, v.ReadOnly, "%s: %s", name, v.Source)
			_, err := os.Stat(v.Source)
			require.NoError(t, err, name)
		}
	}
	require.Equal(t, []string{"mysql"}, volumes(p.Services["mysql"]))
	require.Equal(t, []string{"temporal-mysql"}, volumes(p.Services["temporal-mysql"]))
}

// TestFiles_NamedInCommandsAreThere: a script or setting that a service is pointed to is in the folder that it mounts.
func TestFiles_NamedInCommandsAreThere(t *testing.T) {
	p := project(t)
	for name, file := range map[string]string{
		"temporal-schema":    p.Services["temporal-schema"].Entrypoint[1],
		"temporal-namespace": p.Services["temporal-namespace"].Entrypoint[1],
		"temporal":           *p.Services["temporal"].Environment["DYNAMIC_CONFIG_FILE_PATH"],
	} {
		mount := p.Services[name].Volumes[0]
		inside, ok := strings.CutPrefix(file, mount.Target+"/")
		require.True(t, ok, file)
		require.FileExists(t, filepath.Join(mount.Source, inside))
	}
}

// TestImages_ArePinned: a full version or a digest, so that a deployment is the same tomorrow. Ours is built here.
func TestImages_ArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`:\d+\.\d+\.\d+$|@sha256:[0-9a-f]{64}$`)
	for name, service := range project(t).Services {
		if slices.Contains(ours, name) {
			require.NotNil(t, service.Build, name)
			require.FileExists(t, filepath.Join(service.Build.Context, "Dockerfile"))
			continue
		}
		require.Nil(t, service.Build, name)
		require.Regexp(t, pinned, service.Image, name)
	}
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	bases := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(dockerfile), -1)
	require.NotEmpty(t, bases)
	for _, base := range bases {
		require.Regexp(t, `^scratch$|:\d+\.\d+\.\d+(-\w+)?$|@sha256:[0-9a-f]{64}$`, base[1])
	}
}

// TestImages_OfTemporalAreOneRelease: the schema's tools must be those of the server.
func TestImages_OfTemporalAreOneRelease(t *testing.T) {
	p := project(t)
	_, release, _ := strings.Cut(p.Services["temporal"].Image, ":")
	for _, name := range []string{"temporal-schema", "temporal-namespace"} {
		require.Equal(t, "temporalio/admin-tools:"+release, p.Services[name].Image)
	}
}

// TestGo_OfTheImageIsThatOfTheModule: the image is built by a Go that the module asks for.
func TestGo_OfTheImageIsThatOfTheModule(t *testing.T) {
	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	release := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)
	require.NotNil(t, release)
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(dockerfile), "FROM golang:"+string(release[1])+"-")
}

// TestPorts_AreOnLoopback: neither Temporal's ports nor plain HTTP are for others.
func TestPorts_AreOnLoopback(t *testing.T) {
	want := map[string][]string{"serve": {"8080:8080"}, "temporal": {"7233:7233"}, "temporal-ui": {"8233:8080"}}
	for name, service := range project(t).Services {
		var got []string
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			got = append(got, port.Published+":"+strconv.FormatUint(uint64(port.Target), 10))
		}
		require.Equal(t, want[name], got, name)
	}
}

// TestSecrets_HaveNoDefault: without each of them nothing starts, and compose says which one is missing. The example's
// words are none.
func TestSecrets_HaveNoDefault(t *testing.T) {
	for name, value := range example(t) {
		require.Equal(t, "replace-me", value, name)
		for _, missing := range []func(map[string]string){
			func(env map[string]string) { delete(env, name) },
			func(env map[string]string) { env[name] = "" },
		} {
			env := example(t)
			missing(env)
			_, err := load(t, env)
			require.ErrorContains(t, err, name)
		}
	}
}

// TestExample_NamesWhatMustBeSet: every variable that compose cannot do without, and no other.
func TestExample_NamesWhatMustBeSet(t *testing.T) {
	file, err := os.ReadFile(composeFile)
	require.NoError(t, err)
	needed := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{(\w+):\?`).FindAllStringSubmatch(string(file), -1) {
		needed[m[1]] = true
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(needed)), slices.Collect(maps.Keys(example(t))))
}

// TestSettings_AreWrittenDown: whatever may be set is in the example, needed or not, and in the table of the README.
func TestSettings_AreWrittenDown(t *testing.T) {
	compose, err := os.ReadFile(composeFile)
	require.NoError(t, err)
	example, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	set := regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(string(compose), -1)
	require.NotEmpty(t, set)
	for _, m := range set {
		require.Regexp(t, `(?m)^#?`+m[1]+`=`, string(example))
		require.Contains(t, string(readme), m[1])
	}
}

// TestPolicy_GoesIntoBoth: the override of the README gives serve and worker the same file.
func TestPolicy_GoesIntoBoth(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, block)
	override := filepath.Join(t.TempDir(), "docker-compose.override.yml")
	require.NoError(t, os.WriteFile(override, block[1], 0o600))
	p, err := load(t, example(t), override)
	require.NoError(t, err)
	for _, name := range []string{"serve", "worker"} {
		service := p.Services[name]
		require.NotNil(t, service.Environment["YUNWEI_POLICY"], name)
		require.NotNil(t, service.Environment["YUNWEI_DATABASE"], name)
		last := service.Volumes[len(service.Volumes)-1]
		require.Equal(t, *service.Environment["YUNWEI_POLICY"], last.Target, name)
		require.True(t, last.ReadOnly, name)
		require.Equal(t, "policy.yaml", filepath.Base(last.Source), name)
	}
}

// TestProxy_OfThisMachineIsBelieved: it comes by one of Docker's networks, and each that is named is one.
func TestProxy_OfThisMachineIsBelieved(t *testing.T) {
	for network := range strings.SplitSeq(*project(t).Services["serve"].Environment["YUNWEI_TRUSTED_PROXY"], ",") {
		_, _, err := net.ParseCIDR(network)
		require.NoError(t, err)
	}
}

func TestWorker_IsScalable(t *testing.T) {
	worker := project(t).Services["worker"]
	require.Empty(t, worker.ContainerName)
	require.Empty(t, worker.Ports)
	require.Empty(t, worker.Volumes, "no state lives in it")
	require.Greater(t, *worker.Deploy.Replicas, 1)
}

// TestOurs_ShareWhatMustBeEqual: serve and worker check each other's tokens and codes, and meet in one namespace.
func TestOurs_ShareWhatMustBeEqual(t *testing.T) {
	p := project(t)
	serve, worker := p.Services["serve"].Environment, p.Services["worker"].Environment
	for _, name := range []string{"YUNWEI_DATABASE", "YUNWEI_TOKEN_KEY", "YUNWEI_SIGNAL_SIGN", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} {
		require.NotNil(t, serve[name], name)
		require.Equal(t, *serve[name], *worker[name], name)
	}
	require.Equal(t, *serve["YUNWEI_DATABASE"], *p.Services["migrate"].Environment["YUNWEI_DATABASE"])
	require.Equal(t, *serve["TEMPORAL_NAMESPACE"], *p.Services["temporal-namespace"].Environment["TEMPORAL_NAMESPACE"])
	require.Equal(t, "code", *serve["YUNWEI_SIGNAL_SIGN"], "a signal needs a code unless somebody says otherwise")
}

// TestOurs_MayDoLittle: nothing of the image can be changed, and no right is left.
func TestOurs_MayDoLittle(t *testing.T) {
	p := project(t)
	for _, name := range ours {
		service := p.Services[name]
		require.True(t, service.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Equal(t, []string{"no-new-privileges:true"}, service.SecurityOpt, name)
		require.False(t, service.Privileged, name)
	}
	dockerfile, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, string(dockerfile))
}

// TestNamespace_HasWhatCasesSet: the search attributes that workflows upsert are those that the script makes.
func TestNamespace_HasWhatCasesSet(t *testing.T) {
	script, err := os.ReadFile("temporal/namespace.sh")
	require.NoError(t, err)
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`--name (\w+) --type (\w+)`).FindAllStringSubmatch(string(script), -1) {
		got[m[1]] = m[2]
	}
	want := map[string]string{}
	for name, kind := range contract.AttributeTypes() {
		want[name] = kind.String()
	}
	require.Equal(t, want, got)
}
