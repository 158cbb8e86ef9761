//go:build tools

package peers

import _ "github.com/tus/tusd/cmd/tusd"
