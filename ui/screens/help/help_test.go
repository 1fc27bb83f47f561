package help

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/assets"
)

func TestEveryTopicOfTheHelpHasItsPicture(t *testing.T) {
	for _, topic := range topics {
		data, err := assets.Help.ReadFile("help/" + topic.picture + ".svg")
		require.NoError(t, err)
		require.Contains(t, string(data), "<svg")
	}
}

// The help says what the codes give away, and that one PC is recognized and not one model (spec: codes
// "What the values reveal", codes "Comparing locks" 5).
func TestHelpTellsWhatIsSent(t *testing.T) {
	said := map[string]string{}
	for _, topic := range topics {
		said[topic.picture] = string(topic.text)
	}
	require.Contains(t, said["privacy"], "about a thousand of the sixteen million")
	require.Contains(t, said["privacy"], "codes of several programs together")
	require.Contains(t, said["reactivation"], "another PC of the same model does not pass")
}
