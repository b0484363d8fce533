// Where a verb below `audit` finds the log that it reads: in files here (--store) or behind a server (--connect).
//
// From afar a log is what its checkpoint says, read piece by piece: the verbs compute hashes and proofs themselves and
// take the server's word for none of them.
//
// Thread rule: main thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/connect.h"
#include "storage/evidence/log_files.h"

namespace hedgerow::cli {

struct OpenedLog {
  storage::LogFiles files;
  std::string directory;  // of the store or export; empty behind a server
  std::shared_ptr<server::Client> client;
  std::string address;     // of the server
  std::string parameters;  // that it told

  bool remote() const { return client != nullptr; }
  // The entries of a request, by their index, in their order.
  Result<std::vector<std::uint64_t>> EntriesOf(const std::string& request_id) const;
};

// As of its checkpoint of now.
Result<OpenedLog> OpenLog(const Where& where);

}  // namespace hedgerow::cli
