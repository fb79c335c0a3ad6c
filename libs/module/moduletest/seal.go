package moduletest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"egov/libs/module"
	"egov/libs/sign"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Sealed checks the seal of an act as an outsider does: by the key that the
// service publishes, over the document as it is given out, without its seal.
func (s *Service) Sealed(act module.Act, seal *typev1.Signature) error {
	s.t.Helper()
	r, err := http.Get(s.URL + "/v1/seal")
	must(s.t, err)
	defer r.Body.Close()
	var published struct {
		Holder    string `json:"holder"`
		PublicKey string `json:"public_key"`
	}
	must(s.t, json.NewDecoder(r.Body).Decode(&published))
	key, err := sign.ParsePublicPEM([]byte(published.PublicKey))
	must(s.t, err)
	keys, err := sign.NewKeySet(sign.TrustedKey{Public: key, Holder: published.Holder, NotBefore: s.Now().AddDate(-1, 0, 0), NotAfter: s.Now().AddDate(1, 0, 0)})
	must(s.t, err)
	value, err := base64.StdEncoding.DecodeString(seal.GetValue())
	must(s.t, err)
	at, err := time.Parse(time.RFC3339Nano, seal.GetSignedAt())
	must(s.t, err)
	return sign.Verify(act, sign.Signature{Alg: sign.Alg(seal.GetAlg()), KeyID: seal.GetKeyId(), Signer: seal.GetSigner(), SignedAt: at, Value: value}, keys, s.Now())
}
