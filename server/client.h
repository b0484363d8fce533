// A client of a Hedgerow server: small, and without the engine.
//
// Every call comes in two forms: one that blocks, and one that takes a function for the answer. Calls are pipelined:
// any number may be on their way over the one connection. A thread of the client's own runs the connection.
//
// Thread rule: any thread may call, but nothing that blocks may be called from a reply. Replies run on the client's
// thread and must not block it. Replies that are outstanding when the client goes are not called.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/result.h"
#include "datasets/table.h"
#include "server/log_info.h"
#include "server/model_info.h"
#include "server/prediction.h"
#include "storage/store.h"

namespace hedgerow::server {

struct ClientOptions {
  std::string address = {};  // "unix:/run/hedgerow.sock", "127.0.0.1:7878", "tls:db.example:7878"
  std::string store = {};    // empty: the server's only one; for erasures: all of them
  std::string token = {};    // on TCP
  // With TLS: whom to trust (PEM; empty: the system's authorities), and a certificate if the server wants one.
  std::string ca = {}, certificate = {}, key = {};
  std::uint32_t timeout_ms = 10'000;  // for connecting
};

struct ServerInfo {
  std::string version;
  std::vector<std::string> stores, roles;
  std::uint32_t max_batch_rows = 0;
  std::uint64_t max_message_bytes = 0;  // of a call; kUsage for a larger one
};

// For an answer that no server of this client's version gives.
Error SenselessAnswer(std::string place = {});

// Whether an erasure's answer has the openings that receipts need; then at most 256 may be named.
enum class Openings : std::uint8_t { kNone, kWanted };

struct StoreOutcome {
  std::string store;
  Result<storage::Outcome> result;    // without its commitment
  std::vector<std::string> openings;  // of those who were named, if they were asked for: for Ticket::Receipts
};

template <class T>
using Reply = std::function<void(Result<T>)>;
using Finished = std::function<void(Status)>;

// An update on its way, to wait for. Copies are the same ticket. Must not outlive its client.
class Ticket {
 public:
  void Await(storage::Stage stage, Finished finished) const;
  Status Await(storage::Stage stage) const;
  // When the stage is reached, a receipt of this store (empty: the only one) with each opening, or without any a single
  // one that does not tell whom the request named. Each is of the whole request, also of one that was made in parts
  // (docs/evidence.md, "Receipts"). At most 256 openings. kUsage: nothing was changed, or it is older than the log.
  Result<std::vector<std::string>> Receipts(storage::Stage stage, const std::vector<std::string>& openings,
                                            const std::string& store = "") const;

  struct State;  // client_core.h
  Ticket() = default;
  explicit Ticket(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

struct Update {
  enum class Kind : std::uint8_t {
    kDone,     // in all stores: every result is an outcome
    kUnknown,  // somebody or something is not there; nothing was changed
    kPartial,  // some stores failed: make the request again, with the same id
  };
  Kind kind = Kind::kDone;
  std::vector<StoreOutcome> stores;
  Ticket ticket;
};

struct Verified {
  bool equal = false;
  storage::Comparison comparison;
  double seconds = 0;
};

class Client {
 public:
  // kUsage, kUnreachable, kUnauthorised.
  static Result<std::unique_ptr<Client>> Connect(const ClientOptions& options);
  // The same over a socket that is connected. Takes it over.
  static Result<std::unique_ptr<Client>> Adopt(int socket, const ClientOptions& options);
  ~Client();

  const ServerInfo& server() const;
  Result<ModelInfo> Info();
  Status Ping();
  void Ping(Finished finished);

  // `row` is encoded with what Info tells (datasets/cell.h). kNotYet if the model has not come to `not_before`.
  Result<Prediction> Predict(std::span<const datasets::Cell> row, std::uint64_t not_before = 0);
  void Predict(std::vector<datasets::Cell> row, std::uint64_t not_before, Reply<Prediction> reply);
  // Rows one after the other, at most server().max_batch_rows.
  Result<Prediction> PredictBatch(std::span<const datasets::Cell> rows, std::size_t width,
                                  std::uint64_t not_before = 0);
  void PredictBatch(std::vector<datasets::Cell> rows, std::size_t width, std::uint64_t not_before,
                    Reply<Prediction> reply);
  // The same two for the most probable class alone, which costs the server less. kUsage from a server that is older
  // than this call.
  Result<Classification> Classify(std::span<const datasets::Cell> row, std::uint64_t not_before = 0);
  void Classify(std::vector<datasets::Cell> row, std::uint64_t not_before, Reply<Classification> reply);
  Result<Classification> ClassifyBatch(std::span<const datasets::Cell> rows, std::size_t width,
                                       std::uint64_t not_before = 0);
  void ClassifyBatch(std::vector<datasets::Cell> rows, std::size_t width, std::uint64_t not_before,
                     Reply<Classification> reply);

  // Answered when all stores have reached the stage. `dry_run` tells who would go, and changes nothing.
  Result<Update> Forget(const storage::ForgetRequest& request, storage::Stage stage = storage::Stage::kUnlearned,
                        Openings openings = Openings::kNone);
  void Forget(storage::ForgetRequest request, storage::Stage stage, Reply<Update> reply,
              Openings openings = Openings::kNone);
  Result<Update> Learn(const datasets::Table& table, const storage::UpdateOptions& options = {});
  void Learn(datasets::Table table, storage::UpdateOptions options, Reply<Update> reply);
  Result<Update> Correct(const datasets::Table& table, const storage::UpdateOptions& options = {});
  void Correct(datasets::Table table, storage::UpdateOptions options, Reply<Update> reply);
  // Of an earlier request. kUnknownRecord.
  Status Await(const std::string& request_id, storage::Stage stage);

  Result<std::optional<storage::RequestStatus>> StatusOf(const std::string& request_id);
  Result<storage::StoreInfo> Describe();
  Result<Verified> Verify();

  // The store's log, as far as its newest checkpoint goes. What it says is not checked here: storage/evidence/ does.
  Result<LogHead> Log();
  // Entries from `first` on: at most `count`, 1,024 and about a mebibyte. kUsage: beyond the end.
  Result<LogPage> ListLog(std::uint64_t first, std::uint32_t count);
  // The entries of a request from `first` on, as many as a page holds: ask again from the one after the last until
  // there are none. A large erasure has many.
  Result<LogPage> ShowRequest(const std::string& request_id, std::uint64_t first = 0);
  // A receipt of an entry, without an opening. kUnknownRecord.
  Result<std::string> ProveEntry(std::uint64_t index);
  // That the log of `size` entries (0: of the newest checkpoint) continues the one of `old_size`. kUsage.
  Result<Consistency> ProveConsistency(std::uint64_t old_size, std::uint64_t size = 0);
  // Hashes of 32 bytes one after the other. kUsage: there is no such tile.
  Result<std::string> LogTile(std::uint8_t level, std::uint64_t index);

  Result<std::string> Metrics();
  Status Checkpoint();
  Status Compact();
  Status Reload();
  Status Shutdown();

  struct Impl;  // client_core.h

 private:
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedgerow::server
