// The log's secret keys: files of one line each, readable by their owner alone.
//
//   DIR/log.key            signs. Or wherever the caller says; then what follows stands beside it
//   DIR/log.key.previous   the one before the last rotation, which goes on signing until it is removed
//   DIR/log.key.next       during a rotation
//
// They are no part of DIR/log, which is there to be shown to everybody.
//
// Thread rule: one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "datasets/result.h"
#include "storage/evidence/signed_note.h"

namespace hedgerow::storage {

// `elsewhere`: the path that the caller gave; may be empty.
std::string LogKeyPath(const std::string& directory, const std::string& elsewhere);

// Writes a new key, which is on the disk on return. kStoreUnavailable if there is a file already; kIo.
Result<NoteSigner> MakeLogKey(const std::string& path, const std::string& name);
// Reads the key whose public half is `current`, and the previous one if it is there. Finishes a rotation that was
// interrupted. kStoreUnavailable: there is none, or it is another one; kIo.
Result<std::vector<NoteSigner>> LoadSigners(const std::string& path, const std::string& current);

// The two halves of a rotation: between them the new key has to be put into the log.
Result<NoteSigner> PrepareRotation(const std::string& path, const std::string& name);
Status FinishRotation(const std::string& path);

}  // namespace hedgerow::storage
