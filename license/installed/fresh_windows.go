package installed

import "os"

// freshFlags are the flags for creating a file exclusively.
const freshFlags = os.O_CREATE | os.O_EXCL
