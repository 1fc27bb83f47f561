package installed

import "os"

// freshFlags are the flags for making a file that is not there yet.
const freshFlags = os.O_CREATE | os.O_EXCL
