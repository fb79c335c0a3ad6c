package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Written is an image that was written or pushed.
type Written struct {
	Reference string // repository:tag
	Digest    string // sha256:…
}

// reference is where an image belongs: registry/program:version.
func reference(registry string, p Program) (name.Tag, error) {
	return name.NewTag(registry + "/" + p.Name + ":" + p.Version)
}

// Write writes the image as NAME.tar, which ctr, nerdctl, docker and podman
// load, and its list as NAME.spdx.json.
func Write(dir, registry string, p Program, img Image) (Written, error) {
	tag, err := reference(registry, p)
	if err != nil {
		return Written{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Written{}, err
	}
	err = errors.Join(
		tarball.WriteToFile(filepath.Join(dir, p.Name+".tar"), tag, img.Image),
		os.WriteFile(filepath.Join(dir, p.Name+".spdx.json"), img.SBOM, 0o644))
	if err != nil {
		return Written{}, fmt.Errorf("write %s: %w", tag, err)
	}
	return written(tag, img)
}

// Push puts the image into a registry, as whoever is signed in there (the
// usual files of docker login).
func Push(ctx context.Context, registry string, p Program, img Image) (Written, error) {
	tag, err := reference(registry, p)
	if err != nil {
		return Written{}, err
	}
	if err := remote.Write(tag, img.Image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return Written{}, fmt.Errorf("push %s: %w", tag, err)
	}
	return written(tag, img)
}

func written(tag name.Tag, img Image) (Written, error) {
	digest, err := img.Digest()
	return Written{tag.String(), digest.String()}, err
}
