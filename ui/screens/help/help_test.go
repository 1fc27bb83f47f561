package help

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/assets"
)

func TestTopicPictures(t *testing.T) {
	for _, topic := range topics {
		data, err := assets.Help.ReadFile("help/" + topic.picture + ".svg")
		require.NoError(t, err)
		require.Contains(t, string(data), "<svg")
	}
}

// The help says what the codes disclose, and that a PC is recognized, not a model (spec: codes "What the values
// reveal", codes "Comparing locks" 5).
func TestHelpDescribesDisclosure(t *testing.T) {
	textOf := map[string]string{}
	for _, topic := range topics {
		textOf[topic.picture] = string(topic.text)
	}
	require.Contains(t, textOf["privacy"], "about a thousand of the sixteen million")
	require.Contains(t, textOf["privacy"], "codes of several programs together")
	require.Contains(t, textOf["reactivation"], "another PC of the same model is not accepted")
}
