package ui

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
