// Package cli is what the commands of egov have in common: how they end, and
// how they tell a person or a program what is wrong.
//
// It promises that every failure of a user's making names its cause in Chinese
// and in English on standard error, that standard output carries nothing but
// the answer, and that exit codes keep their meaning. It holds no command.
package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"egov/libs/embedded"
	"egov/libs/fault"
	"egov/libs/op"
)

// Exit codes. stable: scripts rely on them.
const (
	OK       = 0
	Failed   = 1 // the answer is no: refused, bad, not as the rules say
	BadInput = 2 // the question cannot be asked: usage, an unreadable file, an invalid document
	Missing  = 3 // programs are not installed, and the message names the command that installs them
)

// The refusals of the command line itself.
var (
	ErrUsage = fault.New(fault.Invalid, "usage_error", "命令用法有误", "the command is used wrongly")
	ErrFile  = fault.New(fault.Invalid, "file_unreadable", "文件无法读取", "the file cannot be read")
	ErrWrite = fault.New(fault.Invalid, "file_unwritable", "文件无法写入", "the file cannot be written")
)

// exit ends a command with a code of its own choice.
type exit struct {
	code int
	err  error // nil when everything has been said
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// Exit is the error that ends the program with code. A nil err says that the
// command has already told what is wrong.
func Exit(code int, err error) error { return &exit{code, err} }

// Also adds a second error to the one that ends a command, which keeps its
// exit code.
func Also(first, second error) error {
	switch {
	case second == nil:
		return first
	case first == nil:
		return Exit(Failed, second)
	}
	return Exit(Code(first), errors.Join(first, second))
}

// Usage is the refusal of a command line, with its own text.
func Usage(zh, en string) error { return ErrUsage.WithMsg("用法有误："+zh, "usage: "+en) }

// problems marks commands that programs call: they tell failures as RFC 9457
// problem documents.
const problems = "problems"

// TellsProblems makes a command report its failures as RFC 9457 problem
// documents.
func TellsProblems(c *cobra.Command) *cobra.Command {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[problems] = "true"
	return c
}

// Args bounds the positional arguments; what names them in a complaint.
func Args(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return Usage("缺少参数 "+what, "missing argument "+what)
		case len(args) > most:
			return Usage("多余的参数 "+strings.Join(args[most:], " "), "unexpected argument "+strings.Join(args[most:], " "))
		}
		return nil
	}
}

// Group makes c a command that only holds others.
func Group(c *cobra.Command, members ...*cobra.Command) *cobra.Command {
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return Usage("没有这个命令："+args[0], "unknown command: "+args[0])
		}
		return nil
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	c.AddCommand(members...)
	return c
}

// Report tells what went wrong with cmd, if anything, and gives the exit code.
func Report(w io.Writer, cmd *cobra.Command, err error) int {
	if err == nil {
		return OK
	}
	code := Code(err)
	if chosen, ok := errors.AsType[*exit](err); ok {
		if chosen.err == nil {
			return code
		}
		err = chosen.err
	}
	if cmd != nil && cmd.Annotations[problems] != "" {
		_ = Print(w, op.NewProblem(err)) // there is nowhere left to say so
		return code
	}
	tell(w, err)
	return code
}

// Code is the exit code that an error calls for.
func Code(err error) int {
	if chosen, ok := errors.AsType[*exit](err); ok {
		return chosen.code
	}
	switch f := fault.From(err); {
	case errors.Is(err, embedded.ErrMissing):
		return Missing
	case f.Kind == fault.Invalid:
		return BadInput
	}
	return Failed
}

// Say tells a person a line beside the answer. A person who has gone is not
// told, which is no failure.
func Say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }

// tell writes for a person. Errors without a text of their own are shown as
// they are: whoever runs the program may see its inside.
func tell(w io.Writer, err error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		Say(w, "错误 / error: %v", err)
		return
	}
	Say(w, "错误：%s\nerror: %s", withBasis(f.Msg, f.Basis), f.MsgEN)
	for _, v := range f.Violations {
		Say(w, "  %s: %s\n  %s  %s", v.Field, withBasis(v.Msg, v.Basis), strings.Repeat(" ", len(v.Field)), v.MsgEN)
	}
	switch cause := errors.Unwrap(f); {
	case cause != nil:
		Say(w, "  (%v)", cause)
	case err.Error() != f.Error():
		Say(w, "  (%v)", err)
	}
}

func withBasis(text string, basis []string) string {
	if len(basis) == 0 {
		return text
	}
	return text + " [" + strings.Join(basis, " ") + "]"
}

// Print writes one JSON document, indented, with a newline at its end.
func Print(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Open opens a file to read; "-" is the command's standard input.
func Open(cmd *cobra.Command, path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, Unreadable(path, err)
	}
	return f, nil
}

// Read reads a file of at most limit bytes.
func Read(cmd *cobra.Command, path string, limit int64) ([]byte, error) {
	f, err := Open(cmd, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	if err != nil {
		return nil, Unreadable(path, err)
	}
	return b, nil
}

// Unreadable refuses a file.
func Unreadable(path string, cause error) error {
	return ErrFile.WithMsg("文件无法读取："+path, "cannot read "+path).With(cause)
}
