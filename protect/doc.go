// Package protect is what a Go program embeds to check its license, without a network.
//
// A program opens its license once, at its start, and goes by the Verdict:
//
//	l := program.Open(ctx, protect.Options{})
//	if v := l.Verdict(); !v.Valid() {
//		fmt.Println(v.Text) // what happened, and what to do
//	}
//
// Open never fails and never panics, whatever lies on the disk, and needs well under a millisecond once the locks of the PC
// have been read, which a process does once. It looks for license files in this order: those that the program names, the
// person's folder that the desktop app keeps too, the machine-wide folders below the program's signature, and the folder of
// the executable. Only files that name one of the program's keys are verified. Of several licenses the best counts.
//
// At its first start the program writes its name and keys where the desktop app finds them, so that a PC without a network
// can ask for a license for it. That, and the latest time seen, are written if they can be; no verdict depends on it.
//
// # Tasks
//
//   - Codes tells Site code and Machine ID, which a license is made for.
//   - Activate takes a license file, or a typed activation code where the program accepts them.
//   - Remove takes the license from this PC and tells the removal code. A power cut at any moment leaves either the license or
//     its removal code on the disk.
//   - Validate asks the vendor's server now, and Watch asks from time to time. A license that the vendor has changed is
//     renewed; one that has ended ends here, too. With a grace the program must hear of the server now and then. Only an
//     answer that one of the program's keys signed, for the nonce of this question, says anything about the license:
//     a problem, also 404, and whatever a proxy with a trusted certificate makes up are no answer.
//
// # Time
//
// Only a license that ends, or a grace, needs a clock. The latest time that was seen is kept: a clock that tells an earlier
// one, by more than Tolerance, is called wrong. The ways out are to set the clock right, a license file that was issued anew,
// and an answer of the vendor's server. A license file that was issued later than all before begins at its own issue.
//
// # Files that cannot be used
//
// The verdict is never NoLicense while the PC has a file that this version of the program cannot use:
//
//   - A license file that names an unknown key is UnknownKey: the vendor has probably changed the key, and the program
//     needs an update. Nothing in such a file is verified; its claims only select the text of the verdict. A file that
//     names a known key but was not signed with it is Damaged.
//   - A state file (pc.json) of a newer version is NewerState. It may say that a license has left this PC, so the
//     program runs under none until it is updated. The file is left unchanged, and tasks fail. The version number is
//     raised only for a change that older programs must not ignore; they preserve members that they do not know.
//   - A state file that is damaged, too large, a folder or a pipe lists no spent Site code, so a license file stays
//     valid. The next task that writes the state moves the file aside.
//
// A task that writes waits up to 20 seconds for the lock of the folder, then fails with installed.ErrBusy. The error
// names the lock file and, on Linux, the process that holds the lock.
//
// # Limits
//
// Whoever can change the program can take the check out of it: what guards a program on somebody else's PC is never more than
// a fence. Short of that:
//
//   - A typed activation code is checked with the activation key, which a determined person can dig out of the program and
//     then make codes for any PC. A license file cannot be forged that way. Leave ActivationKey nil to accept files alone.
//     The server is never asked about a typed code.
//   - No offline scheme can prove a removal. Spent Site codes are kept in the person's folder: a copied backup of it, or
//     another account on the same PC with a copy of the license file, runs on. The server spends the Site code as well, so
//     the backup's license is refused when it is validated.
//   - The removal code is computed from the license file. Whoever reads the file can compute the code and tell it to the
//     vendor while the program runs on, until its next validation.
//   - A copy of a virtual machine, with the address of its network card and the serial of its disk, is the same PC to the
//     program. Only the server sees that two of them ask.
//   - The latest time seen and what the server said lie in small files. Who erases or changes them can set the clock back to the
//     day on which the license file was issued, and undo that a license ended, until the next answer; the grace then counts from
//     the issue of the license file.
//   - Whoever stands between the program and the server cannot forge an answer, but can hold it back. Without a grace the
//     program then runs on without end.
package protect
