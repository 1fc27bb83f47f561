package httpapi_test

import (
	"testing"

	"github.com/acen-desktop/acen/server/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
