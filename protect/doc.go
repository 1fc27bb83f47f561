// Package protect checks the license of the Go program that embeds it, without a network.
//
// A program opens its license once, at its start, and acts on the Verdict:
//
//	l := program.Open(ctx, protect.Options{})
//	if v := l.Verdict(); !v.Valid() {
//		fmt.Println(v.Text("en")) // what happened, and what to do; also in de, fr, es and ja
//	}
//
// Open never fails and never panics, whatever is on the disk, and takes well under a millisecond after the locks of the
// PC have been read, which a process does once. It searches for license files in this order: those that the program
// names, the person's license folder, which the desktop app shares, the machine-wide folders below the program's
// signature, and the folder of the executable. Only files that name one of the program's keys are verified.
//
// At its first start the program writes its name and keys into the license folder, so that the desktop app can request
// a license for it on a PC without a network. That, and the latest time seen, are written if possible; no verdict
// depends on it.
//
// # Tasks
//
//   - Codes returns Site code and Machine ID, for which a vendor makes a license.
//   - Activate accepts a license file, or a typed activation code if the program accepts them.
//   - Remove removes the license from this PC and returns the removal code. A power cut at any moment leaves either the
//     license or its removal code on the disk.
//   - Validate asks the vendor's server now, and Watch asks from time to time. A license that the vendor has changed is
//     renewed; one that has ended ends here, too. With a grace the program needs an answer within that time. Only an
//     answer that one of the program's keys signed, for the nonce of this question, says anything about the license. A
//     problem, even 404, and the response of a proxy with a trusted certificate do not. Neither Open nor Activate asks:
//     a program with a grace calls Validate after Activate and when the verdict is ValidationDue, and runs Watch,
//     which does the same, also while it has no valid license.
//
// # Several licenses
//
// A PC may have several licenses of one program, such as a trial and a perpetual one. The features of all valid ones
// are combined, and the verdict shows the end of the one that lasts longest. No license replaces another one: a license
// file replaces only an older one of the same license or of its family (installed.Supersedes), and a typed activation
// code replaces only one of the same issue. Remove removes the license that the verdict shows, and no other.
//
// # Time
//
// Only a license that ends, or a grace, needs a clock. The latest time that was seen is stored: a clock that is
// behind it by more than Tolerance is wrong. A PC whose clock once was in the future recovers in one of these ways:
//
//   - The clock is corrected, if the clock is wrong.
//   - A license file that was issued later than all before begins at its own issue.
//   - A typed activation code has no time of issue. One that this PC never had resets it to the present time, but not
//     before the latest issue of a license file. Hashes of the codes are stored, so each code does so once.
//   - The vendor's server answers.
//
// # Files that cannot be used
//
// The verdict is never NoLicense while the PC has a file that this version of the program cannot use:
//
//   - A license file that names an unknown key is UnknownKey: the vendor has probably changed the key, and the program
//     needs an update. Nothing in such a file is verified; its claims only select the text of the verdict. A file that
//     names a known key but was not signed with it is Damaged.
//   - A license file, or a folder for them, that this account may not read is Unreadable, and so is a folder
//     that does not answer within Options.DiskTimeout, as on a dead network drive, and a person's folder that does not
//     exist because HOME is not set or is not an absolute path. Licenses in the other folders are found all the same.
//   - A license file that the program's key signed for a trial version (scheme acen/v1) is OlderVersion. State files of
//     trial versions are not read either; the next task that writes the state moves them into the folder "old".
//   - A state file (pc.json) of a newer version is NewerState. It may say that a license has left this PC, so the
//     program runs under none until it is updated. The file is left unchanged, and tasks fail. The version number is
//     raised only for a change that older programs must not ignore; they preserve members that they do not know.
//   - A state file that is damaged, too large, a folder or a pipe lists no spent Site code, so a license file stays
//     valid. The next task that writes the state moves the file aside.
//
// All license files of a folder are read, up to 20,000 names: planted files, in any number and with any names, cannot
// hide a valid one.
//
// A task that writes waits up to 20 seconds for the lock of the folder, then fails with installed.ErrBusy. The error
// names the lock file and, on Linux, the process that holds the lock. A folder that cannot be written, such as a
// read-only home, or whose disk cannot lock files, such as an old network drive, makes it fail with an
// *installed.FolderError, which names the folder and the reason.
//
// # Remaining attacks
//
// An attacker who can change the program can remove the check: no protection of a program on somebody else's PC is
// complete. These attacks remain:
//
//   - Patched programs. The check is a few instructions in a program on the attacker's disk, and so are the program's
//     public keys, which can be replaced by the attacker's own.
//   - Copied virtual machines. A full copy of a virtual machine, with its network address and its disk's serial, has
//     the same locks, and so has a container of one image on one kind of host, or one in 8,000 pairs of PCs of one
//     model, whose network card or disk collide in fourteen bits. Only the server notices that one license runs twice.
//   - The removal code computed from a license file. The file contains the seed of its removal code, so that a PC
//     without a network can show it. Anyone with a copy of the file can compute the code, hand it in, and continue to
//     run with the copy. Three things limit that: a code can be used once, its Site code is spent, and the server ends
//     the license at its next validation. No offline scheme can prove a removal.
//   - An erased state file. Spent Site codes, the latest time seen, the hashes of typed codes and what the server said
//     are in small files of the person's folder. Erasing or changing them, restoring them from a backup, making them
//     unreadable, or running the program from another account with a copy of the license file reverts a removal or the
//     end of a license until the next answer, and allows the clock to be set back to the day on which the license file
//     was issued. The grace then counts from that day.
//   - Typed activation codes. They are checked with the activation key, which a determined person can extract from the
//     program to make codes for any PC. A license file cannot be forged that way. Leave ActivationKey nil to
//     accept files alone. The server is never asked about a typed code.
//
// A person who controls the network cannot forge an answer: it is signed with the program's key and bound to its
// question, and a renewed license file is verified like any other. But answers can be held back: Validation.Grace
// limits for how long, and with Forever the program runs on without end.
package protect
