// Between the messages of hedgerow.capnp and the project's own types, for servers and clients.
//
// What comes in is not trusted: reading checks widths, counts, types, ranges and encodings, and says what is wrong
// without repeating a value. Malformed messages beyond that (a list of the wrong kind) are exceptions of Cap'n Proto.
//
// Thread rule: pure functions; a message belongs to one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/result.h"
#include "datasets/table.h"
#include "server/hedgerow.capnp.h"
#include "server/log_info.h"
#include "server/model_info.h"
#include "storage/store.h"

namespace hedgerow::server {

inline std::string_view View(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}
// The text must end with a zero, as a std::string does.
inline capnp::Text::Reader ToText(const std::string& text) {
  return {text.data(), text.size()};
}

// How many openings one answer has, or one call brings.
inline constexpr std::size_t kMostOpenings = 256;

void WriteProblem(const Error& error, wire::Problem::Builder problem);
Error ReadProblem(wire::Problem::Reader problem);
void WriteDone(const Status& status, wire::Done::Builder done);
Status ReadDone(wire::Done::Reader done);

void WriteModelInfo(const ModelInfo& info, wire::ModelInfo::Builder to);
Result<ModelInfo> ReadModelInfo(wire::ModelInfo::Reader from);

void WriteOutcome(const storage::Outcome& outcome, wire::Outcome::Builder to);
storage::Outcome ReadOutcome(wire::Outcome::Reader from);

void WriteRequestStatus(const storage::RequestStatus& status, const std::string& request_id, wire::Request::Builder to);
storage::RequestStatus ReadRequestStatus(wire::Request::Reader from);
void WriteStoreInfo(const storage::StoreInfo& info, wire::StoreInfo::Builder to);
storage::StoreInfo ReadStoreInfo(wire::StoreInfo::Reader from);

// In wire_log.cpp.
void WriteLogHead(const LogHead& head, wire::LogHead::Builder to);
LogHead ReadLogHead(wire::LogHead::Reader from);
void WriteLogPage(const LogPage& page, wire::LogPage::Builder to);
LogPage ReadLogPage(wire::LogPage::Reader from);
void WriteConsistency(const Consistency& consistency, wire::Consistency::Builder to);
Consistency ReadConsistency(wire::Consistency::Reader from);
std::vector<std::string> ReadTexts(capnp::List<capnp::Text>::Reader from);
void WriteTexts(const std::vector<std::string>& texts, capnp::List<capnp::Text>::Builder to);

wire::Stage ToWire(storage::Stage stage);
Result<storage::Stage> FromWire(wire::Stage stage);

// Cells of one row or of several. kBadInput. The server's side takes any form, the client's side writes cells.
Result<std::vector<datasets::Cell>> ReadRow(wire::Row::Reader row, const Model& model);
Result<std::vector<datasets::Cell>> ReadBatch(wire::Batch::Reader batch, const Model& model, std::uint32_t max_rows);
void WriteRow(std::span<const datasets::Cell> row, wire::Row::Builder to);
void WriteBatch(std::span<const datasets::Cell> rows, std::size_t width, wire::Batch::Builder to);

// kUsage also if openings are wanted for more persons than an answer has room for.
Result<storage::ForgetRequest> ReadForget(wire::ForgetRequest::Reader from);
void WriteForget(const storage::ForgetRequest& request, bool with_openings, wire::ForgetRequest::Builder to);

struct RowsRequest {
  datasets::Table table;
  storage::UpdateOptions options;
};
Result<RowsRequest> ReadRows(wire::RowsRequest::Reader from, const Model& model, std::uint32_t max_rows);
void WriteRows(const datasets::Table& table, const storage::UpdateOptions& options, wire::RowsRequest::Builder to);

}  // namespace hedgerow::server
