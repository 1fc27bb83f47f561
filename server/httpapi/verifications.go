package httpapi

import (
	"context"
	"net/http"

	"github.com/acen-desktop/acen/api"
)

// registerVerifications registers the call for a verification number.
func (s *Server) registerVerifications(c contract) {
	register(c, c.call(http.MethodPost, "/verifications", "new-verification",
		"Get a verification number as a picture", 201),
		func(ctx context.Context, in *struct {
			Sound bool `query:"sound" doc:"Also as a sound"`
		},
		) (*body[api.Verification], error) {
			out, err := s.Guard.NewVerification(ctx, in.Sound)
			return &body[api.Verification]{out}, err
		})
}
