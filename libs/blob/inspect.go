package blob

import "io"

// Inspect tells what a file of size bytes is, from its content, and refuses it
// as Put would: a type that is not on the list, a container beyond its limits or
// with something active inside, a file that breaks off. Nothing is stored.
func Inspect(r io.ReaderAt, size int64, limits Limits) (Type, error) {
	switch {
	case size == 0:
		return "", ErrEmpty
	case size > limits.MaxBytes:
		return "", tooLarge(limits.MaxBytes)
	}
	return inspect(r, size, limits)
}
