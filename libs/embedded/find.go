package embedded

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	minPostgres = 15 // the oldest major version the schemas are tested on
	minRedis    = 7  // streams report their lag from here on
)

// Program is something this package needs and the machine lacks.
type Program struct {
	Name    string // as a person knows it, with the version needed
	Package string // the Debian package that brings it
}

// postgresDirs are the places, beside PATH, where distributions put the
// server programs.
var postgresDirs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// postgresBin is one installed PostgreSQL.
type postgresBin struct {
	dir   string
	major int
}

func (b postgresBin) path(program string) string { return filepath.Join(b.dir, program) }

var leadingNumber = regexp.MustCompile(`\d+`)

// majorOf runs `program --version` and returns the first number it prints
// after prefix; 0 when there is none.
func majorOf(program, prefix string) int {
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(out), prefix)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(leadingNumber.FindString(rest))
	if err != nil {
		return 0
	}
	return n
}

// findPostgres lists the usable installations, newest first.
func findPostgres() []postgresBin {
	var dirs []string
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	for _, pattern := range postgresDirs {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // only a malformed pattern errs, and these are constants
		}
		dirs = append(dirs, found...)
	}
	var bins []postgresBin
	for _, d := range dirs {
		b := postgresBin{dir: d}
		if _, err := os.Stat(b.path("initdb")); err != nil {
			continue
		}
		if b.major = majorOf(b.path("postgres"), "(PostgreSQL)"); b.major >= minPostgres {
			bins = append(bins, b)
		}
	}
	slices.SortStableFunc(bins, func(a, b postgresBin) int { return cmp.Compare(b.major, a.major) })
	return bins
}

// findRedis returns the path of a usable redis-server, or "".
func findRedis() string {
	p, err := exec.LookPath("redis-server")
	if err != nil || majorOf(p, "v=") < minRedis {
		return ""
	}
	return p
}

// Missing lists what StartPostgres and StartRedis need and this machine
// lacks. An empty list means that both can start.
func Missing() []Program {
	var m []Program
	if len(findPostgres()) == 0 {
		m = append(m, Program{Name: fmt.Sprintf("PostgreSQL %d+", minPostgres), Package: "postgresql"})
	}
	if findRedis() == "" {
		m = append(m, Program{Name: fmt.Sprintf("Redis %d+", minRedis), Package: "redis-server"})
	}
	return m
}

// InstallCommand is the exact command that installs ps on Debian and Ubuntu.
func InstallCommand(ps []Program) string {
	pkgs := make([]string, len(ps))
	for i, p := range ps {
		pkgs[i] = p.Package
	}
	return "apt-get update && apt-get install -y --no-install-recommends " + strings.Join(pkgs, " ")
}

func missingError(ps []Program) error {
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = p.Name
	}
	list, command := strings.Join(names, ", "), "sudo sh -c '"+InstallCommand(ps)+"'"
	return ErrMissing.WithMsg(
		"缺少"+list+"，请运行："+command,
		list+" not found; run: "+command)
}

// policyFile, while it exists and exits with 101, keeps Debian packages from
// starting the servers they install.
const policyFile = "/usr/sbin/policy-rc.d"

// Install installs what Missing lists with apt-get, as root or through
// `sudo -n`, and writes what it runs to out. Servers that the packages bring
// are not started. Where it may not install, or cannot, the answer is
// ErrMissing with the command to run.
func Install(ctx context.Context, out io.Writer) error {
	missing := Missing()
	if len(missing) == 0 {
		return nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return missingError(missing)
	}
	script := installScript(apt, missing)
	args := []string{"sh", "-c", script}
	if os.Geteuid() != 0 {
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return missingError(missing)
		}
		args = append([]string{"sudo", "-n"}, args...)
	}
	if _, err := fmt.Fprintln(out, "+", InstallCommand(missing)); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w (%w)", missingError(missing), err)
	}
	if still := Missing(); len(still) > 0 {
		return missingError(still)
	}
	return nil
}

// installScript brings the packages without letting them start a server, and
// leaves a policy file that was there before alone.
func installScript(apt string, missing []Program) string {
	lines := []string{
		"set -e",
		"export DEBIAN_FRONTEND=noninteractive",
		"if [ ! -e " + policyFile + " ]; then",
		`  trap 'rm -f ` + policyFile + `' EXIT`,
		`  printf '#!/bin/sh\nexit 101\n' > ` + policyFile,
		"  chmod 755 " + policyFile,
		"fi",
		apt + " -q update",
	}
	install := apt + " -q install -y --no-install-recommends"
	for _, p := range missing {
		install += " " + p.Package
	}
	lines = append(lines, install)
	for _, p := range missing {
		lines = append(lines, "if command -v systemctl >/dev/null; then systemctl disable "+p.Package+" >/dev/null 2>&1 || true; fi")
	}
	return strings.Join(lines, "\n")
}
