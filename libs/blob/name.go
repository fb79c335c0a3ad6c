package blob

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a display name, in characters.
const maxName = 120

// DisplayName makes a client's file name safe to show and to save under: the
// last element only, without control and format characters (which can turn the
// direction of text), without characters and names that some file system
// reserves, at most 120 characters, and ending in an extension of the type
// that the content has. It is never empty.
func DisplayName(name string, t Type) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || strings.ContainsRune(`<>:"|?*`, r):
			return -1
		}
		return r
	}, name)
	extension := ""
	if f, ok := formats[t]; ok {
		extension = f.extensions[0]
		if own := path.Ext(name); slices.Contains(f.extensions, strings.ToLower(own)) {
			extension, name = strings.ToLower(own), strings.TrimSuffix(name, own)
		}
	}
	name = strings.Trim(name, ". ")
	if name == "" {
		name = "附件"
	}
	if device, _, _ := strings.Cut(strings.ToUpper(name), "."); slices.Contains(devices, device) {
		name = "_" + name
	}
	if room := maxName - utf8.RuneCountInString(extension); utf8.RuneCountInString(name) > room {
		name = strings.TrimRight(string([]rune(name)[:room]), ". ")
	}
	return name + extension
}

// devices are names that Windows does not take for files.
var devices = []string{
	"CON", "PRN", "AUX", "NUL",
	"COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
	"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
}
