// Where a client verb finds its store: in a directory here (--store) or behind a server (--connect).
//
// Verbs talk to a StoreAccess and do not know which of the two it is.
//
// Thread rule: main thread only.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/common.h"
#include "server/client.h"
#include "server/model_info.h"
#include "storage/store.h"

namespace hedgerow::cli {

struct Where {
  StoreOptions store;
  server::ClientOptions server;  // its address is empty without --connect
  std::string token_file;

  bool remote() const { return !server.address.empty(); }
  // "store x" or the address, for messages.
  const std::string& name() const { return remote() ? server.address : store.directory; }
};

// --store and --threads, --connect and what goes with it.
void AddWhere(CLI::App& app, Where& where);
// --connect and what goes with it, beside an option for what is here.
void AddServer(CLI::App& app, Where& where, CLI::Option* here);
// One of the two has to be given.
void RequireWhere(CLI::App& app, const Where& where);
// For a verb that cannot work from afar: --connect tells why.
void RefuseServer(CLI::App& app, const std::string& why);

class StoreAccess {
 public:
  virtual ~StoreAccess() = default;
  virtual const server::Model& model() const = 0;
  virtual bool remote() const = 0;
  // The store, where it is open here; nothing behind a server.
  virtual OpenStore* local() = 0;

  // Probabilities of rows of cells one after the other.
  virtual Status Predict(const datasets::Cell* rows, std::size_t count, double* probabilities) = 0;
  // The most probable classes alone.
  virtual Status PredictClasses(const datasets::Cell* rows, std::size_t count, datasets::ClassCode* answers) = 0;
  // A request that went through several stores is told as one; the server tells in which stores it failed.
  // `with_receipts`: there will be receipts for those who are named.
  virtual Result<storage::Outcome> Forget(const storage::ForgetRequest& request, bool with_receipts) = 0;
  virtual Result<storage::Outcome> Learn(const datasets::Table& table, const storage::UpdateOptions& options) = 0;
  virtual Result<storage::Outcome> Correct(const datasets::Table& table, const storage::UpdateOptions& options) = 0;
  // Until the update that was made last has reached the stage.
  virtual Status Await(const storage::Outcome& outcome, storage::Stage stage) = 0;
  // Receipts of the erasure that was made last, when it has reached the stage: one for each whom it named, in its
  // order, store by store. kUsage: it changed nothing.
  virtual Result<std::vector<std::string>> Receipts(const storage::Outcome& outcome, storage::Stage stage) = 0;
  // The table's ids that are there already, as far as that can be known.
  virtual std::vector<datasets::RecordId> Known(const datasets::Table& table) = 0;
  virtual Result<storage::StoreInfo> Describe() = 0;
  // `progress(done, total)` is called where the growing happens here.
  virtual Result<storage::Comparison> Compare(const std::function<void(std::size_t, std::size_t)>& progress) = 0;
};

// Opens the store, or connects and asks for its model.
Result<std::unique_ptr<StoreAccess>> OpenAccess(const Where& where, storage::OpenMode mode);
// The connection alone, for what needs no model.
Result<std::unique_ptr<server::Client>> ConnectTo(const Where& where);

}  // namespace hedgerow::cli
