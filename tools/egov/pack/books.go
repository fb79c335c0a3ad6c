package pack

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"egov/libs/policy"
)

//go:generate go run ../../cmd/rulebooks -o ../../../docs/rules

// BookName is the file of a pack's rule book in a language: the Chinese one,
// whose words bind, has the pack's name alone.
func BookName(id, lang string) string {
	if lang == "zh" {
		return id + ".md"
	}
	return id + "." + lang + ".md"
}

// WriteBooks writes the rule book of every pack of the suite in every language
// into a folder, and a page that lists them.
func WriteBooks(dir string) error {
	var index bytes.Buffer
	index.WriteString(`# 规则手册 Rule books

每个规则包一本，由 ` + "`egov pack explain`" + ` 写成：每条规则的条件、后果、约束力与依据条款。本目录由 ` + "`make generate`" + ` 生成。

One book per rule pack, as ` + "`egov pack explain`" + ` writes it: for each rule its condition, what follows, how it binds and the provisions it rests on. This folder is made by ` + "`make generate`" + `; [rules.md](../rules.md) says how packs work.

| 规则包 pack | 中文 | English |
|---|---|---|
`)
	for _, p := range policy.Default().Packs() {
		for _, lang := range Languages {
			var book bytes.Buffer
			if err := Explain(&book, p, lang); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, BookName(p.ID(), lang)), book.Bytes(), 0o644); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintf(&index, "| `%s` | [%s](%s) | [%s](%s) |\n", p.ID(), // a buffer takes everything
			p.Title().ZH, BookName(p.ID(), "zh"), p.Title().EN, BookName(p.ID(), "en"))
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), index.Bytes(), 0o644)
}
