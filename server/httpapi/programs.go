package httpapi

import (
	"context"
	"net/http"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// registerPrograms registers the calls about the server and its programs.
func (s *Server) registerPrograms(c contract) {
	register(c, c.call(http.MethodGet, "/server", "describe-server", "Describe the server", 200),
		func(ctx context.Context, _ *none) (*body[api.Server], error) {
			out, err := s.describe(ctx)
			return &body[api.Server]{out}, err
		})
	register(c, c.signedIn(http.MethodGet, "/programs", "list-programs", "List programs", 200),
		func(ctx context.Context, in *struct {
			AcceptsSerials bool `query:"accepts_serials" doc:"Only programs that accept serial numbers"`
		},
		) (*body[api.ProgramList], error) {
			out, err := s.programs(ctx, in.AcceptsSerials)
			return &body[api.ProgramList]{out}, err
		})
}

// describe handles GET /server.
func (s *Server) describe(ctx context.Context) (out api.Server, err error) {
	programs, err := s.allPrograms(ctx)
	out = api.Server{
		Name:            s.Name,
		Version:         s.Version,
		Contact:         s.Contact,
		Time:            s.Now().UTC(),
		KeyFingerprints: []api.KeyFingerprint{},
		SerialPrograms:  []api.SerialProgram{},
	}
	for _, p := range programs {
		if p.AcceptsSerials {
			out.Registration = true
			out.SerialPrograms = append(out.SerialPrograms, api.SerialProgram{ID: p.ID, Name: p.Name})
		}
		out.KeyFingerprints = append(out.KeyFingerprints, api.KeyFingerprint{
			ProgramID:   p.ID,
			KeyID:       p.PublicKey.KeyID(),
			Fingerprint: p.PublicKey.Fingerprint(),
		})
	}
	return out, err
}

func (s *Server) allPrograms(ctx context.Context) (programs []store.Program, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) (err error) {
		programs, err = tx.Programs.List(ctx)
		return err
	})
	return programs, err
}

// programs handles GET /programs.
func (s *Server) programs(ctx context.Context, acceptingSerials bool) (out api.ProgramList, err error) {
	programs, err := s.allPrograms(ctx)
	out.Programs = []api.Program{}
	waived := !s.Shared.Current().OrderVerification
	for _, p := range programs {
		if !acceptingSerials || p.AcceptsSerials {
			wire := wireProgram(p)
			wire.VerificationWaived = waived
			out.Programs = append(out.Programs, wire)
		}
	}
	return out, err
}
