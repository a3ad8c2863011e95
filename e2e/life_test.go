package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme_WalksToTheLetter runs the walk of both READMEs as it stands there, but for the addresses.
func TestReadme_WalksToTheLetter(t *testing.T) {
	toolsOfTheWalk(t)
	s := fresh(t)
	require.NoError(t, os.Symlink(filepath.Dir(binary(t, "temporal")), filepath.Join(s.data, "bin")))
	require.NoError(t, os.Symlink(s.data, filepath.Join(s.data, "data")))
	s.start()
	require.NoError(t, os.WriteFile(filepath.Join(s.data, "demo-password"), []byte(password+"\n"), 0o600))
	for _, readme := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", readme))
		require.NoError(t, err)
		script := "set -eu\n"
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(block[1], "api") || strings.Contains(block[1], "do_") || strings.Contains(block[1], "bin/temporal") {
				script += strings.ReplaceAll(block[1], "http://127.0.0.1:8080", s.url)
			}
		}
		walk := exec.Command("bash", "-c", script)
		walk.Dir, walk.Env = s.data, append(cleanEnv(), "TEMPORAL_ADDRESS="+s.temporal)
		out, err := walk.CombinedOutput()
		require.NoError(t, err, "%s", out)
		for _, says := range []string{`{"stage":"sign_off"}`, `{"stage":"replied"}`, `{"stage":"closed"}`, "accept\treporter", `{"name":"report"`} {
			require.Contains(t, string(out), says, readme)
		}
		require.NotContains(t, string(out), "detail", readme)
	}
}

func toolsOfTheWalk(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			require.Empty(t, os.Getenv("CI"), "CI installs what the walk needs")
			t.Skipf("the walk needs %s, as the README says", tool)
		}
	}
}

// TestDocs_CommandsAreTakenAsTheyStand runs what the papers tell to type, page by page, on the names that the README's walk
// defines and notices like those that they speak of.
func TestDocs_CommandsAreTakenAsTheyStand(t *testing.T) {
	toolsOfTheWalk(t)
	s := fresh(t).start()
	require.NoError(t, os.WriteFile(filepath.Join(s.data, "demo-password"), []byte(password+"\n"), 0o600))
	folder, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	for name, to := range map[string]string{"data": s.data, "bin": filepath.Dir(binary(t, "yunwei")), "defect": filepath.Join(folder, "defect")} {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, name)))
	}
	for name, text := range map[string]string{
		"2027.json": `{"year": 2027, "papers": [], "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}]}`,
		"2027.ics":  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270104\nSUMMARY:元旦 休\nEND:VEVENT\nEND:VCALENDAR\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var names string
	for _, block := range shellBlock.FindAllStringSubmatch(string(readme), -1) {
		if strings.HasPrefix(block[1], "api=") {
			names = strings.ReplaceAll(block[1], "http://127.0.0.1:8080", s.url)
		}
	}
	require.NotEmpty(t, names)
	pages, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		script := "set -eu\n" + names
		for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
			script += block[1]
		}
		walk := exec.Command("bash", "-c", script)
		walk.Dir, walk.Env = dir, cleanEnv()
		out, err := walk.CombinedOutput()
		require.NoError(t, err, "%s: %s", page, out)
		require.NotContains(t, string(out), `"detail":`, page)
	}
	require.FileExists(t, filepath.Join(dir, "promises.xlsx"))
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestLife_FromSubmissionToAcceptance walks one case through every stage, the sign-off coming from the Temporal CLI.
func TestLife_FromSubmissionToAcceptance(t *testing.T) {
	s := fresh(t).start()
	reporter, agent, technician := s.as("reporter"), s.as("agent"), s.as("technician")
	number := reporter.submit(report())

	require.Equal(t, "analysis", agent.must(number, "acknowledge", fields{"assignee": "technician"}).text("stage"))
	require.Equal(t, "confirmation", agent.must(number, "classify", fields{"category": "technical"}).text("stage"))
	a := technician.must(number, "propose", fields{"cause": "光模块老化", "plan": "更换光模块"})
	require.Equal(t, "sign_off", a.text("stage"))
	require.Equal(t, "1", a.text("proposal", "n"))

	s.temporalCLI("workflow", "signal", "--workflow-id", "defect:"+number, "--name", "sign-off",
		"--input", `{"approver":"supervisor","proposal":1,"decision":"approve","comment":"同意"}`)
	require.Eventually(t, func() bool { return technician.read(number).text("stage") == "resolution" }, waitLimit, waitTick)

	require.Equal(t, "verification", technician.must(number, "complete", fields{"summary": "已更换"}).text("stage"))
	require.Equal(t, "reply", agent.must(number, "verify", fields{"passed": true, "method": "连续登录百次"}).text("stage"))
	technician.must(number, "report", fields{"summary": "服务报告", "work_hours": 1.5})
	require.Equal(t, "replied", agent.must(number, "reply", fields{"message": "已修复"}).text("stage"))
	a = reporter.must(number, "accept", fields{"satisfaction": 5})
	require.Equal(t, "closed", a.text("stage"))
	require.Equal(t, "accepted", a.text("close_reason"))

	require.Equal(t, []string{"submit", "acknowledge", "classify", "propose", "sign", "complete", "verify", "report", "reply", "accept"}, kinds(agent.events(number)))
	clocks, ok := a.get("clocks").([]any)
	require.True(t, ok)
	require.Len(t, clocks, 4)
	for _, c := range clocks {
		require.Equal(t, "met", answer{body: c.(map[string]any)}.text("state"))
	}
	require.Eventually(t, func() bool {
		return strings.Contains(s.temporalCLI("workflow", "describe", "--workflow-id", "defect:"+number), "COMPLETED")
	}, waitLimit, waitTick)

	late := agent.act(number, "comment", fields{"message": "too late"})
	require.Equal(t, http.StatusConflict, late.status, late)
	require.Equal(t, "wrong_stage", late.text("code"))
}

func TestSignal_RefusedGoesOnTheTimeline(t *testing.T) {
	s := fresh(t).start("--signal-sign", "code")
	reporter, agent, technician, supervisor := s.as("reporter"), s.as("agent"), s.as("technician"), s.as("supervisor")
	number := reporter.submit(report())
	agent.must(number, "acknowledge", fields{})
	agent.must(number, "classify", fields{"category": "technical"})
	technician.must(number, "propose", fields{"cause": "c", "plan": "p"})
	sign := func(input string) {
		s.temporalCLI("workflow", "signal", "--workflow-id", "defect:"+number, "--name", "sign-off", "--input", input)
	}
	sign(`{"approver":"supervisor","proposal":1,"decision":"approve","code":"WRONG"}`)
	require.Eventually(t, func() bool { k := kinds(agent.events(number)); return k[len(k)-1] == "refused" }, waitLimit, waitTick)
	require.Equal(t, "sign_off", agent.read(number).text("stage"))
	require.Nil(t, agent.read(number).get("sign_off_code"), "only who may sign sees the code")
	code := supervisor.read(number).text("sign_off_code")
	sign(`{"approver":"supervisor","proposal":1,"decision":"approve","code":"` + code + `"}`)
	require.Eventually(t, func() bool { return agent.read(number).text("stage") == "resolution" }, waitLimit, waitTick)
}
