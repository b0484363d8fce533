#include "server/wire.h"

#include <kj/common.h>

#include <cstring>
#include <map>

namespace hedgerow::server {
namespace {

using Code = wire::Problem::Code;

Code ToWire(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return Code::USAGE;
    case ErrorCode::kBadInput:
      return Code::BAD_INPUT;
    case ErrorCode::kUnknownRecord:
      return Code::UNKNOWN_RECORD;
    case ErrorCode::kStoreUnavailable:
      return Code::STORE_UNAVAILABLE;
    case ErrorCode::kStoreDamaged:
      return Code::STORE_DAMAGED;
    case ErrorCode::kUnreachable:
      return Code::UNREACHABLE;
    case ErrorCode::kIo:
      return Code::IO;
    case ErrorCode::kOverloaded:
      return Code::OVERLOADED;
    case ErrorCode::kUnauthorised:
      return Code::UNAUTHORISED;
    case ErrorCode::kNotYet:
      return Code::NOT_YET;
  }
  return Code::INTERNAL;
}

ErrorCode FromWire(Code code) {
  switch (code) {
    case Code::USAGE:
      return ErrorCode::kUsage;
    case Code::BAD_INPUT:
      return ErrorCode::kBadInput;
    case Code::UNKNOWN_RECORD:
      return ErrorCode::kUnknownRecord;
    case Code::STORE_UNAVAILABLE:
      return ErrorCode::kStoreUnavailable;
    case Code::STORE_DAMAGED:
      return ErrorCode::kStoreDamaged;
    case Code::IO:
      return ErrorCode::kIo;
    case Code::OVERLOADED:
      return ErrorCode::kOverloaded;
    case Code::UNAUTHORISED:
      return ErrorCode::kUnauthorised;
    case Code::NOT_YET:
      return ErrorCode::kNotYet;
    case Code::INTERNAL:
    case Code::UNREACHABLE:
      break;
  }
  return ErrorCode::kUnreachable;  // also what a newer server may say
}

template <class List, class Values>
void Fill(List list, const Values& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    list.set(static_cast<unsigned>(i), static_cast<std::decay_t<decltype(list[0])>>(values[i]));
  }
}

template <class To, class List>
std::vector<To> ToVector(List list) {
  std::vector<To> values;
  values.reserve(list.size());
  for (const auto value : list) values.push_back(static_cast<To>(value));
  return values;
}

unsigned Size(std::size_t size) {
  return static_cast<unsigned>(size);
}

capnp::Data::Reader ToData(const forest::Digest& digest) {
  return {digest.bytes.data(), digest.bytes.size()};
}

forest::Digest ToDigest(capnp::Data::Reader data) {
  forest::Digest digest;
  if (data.size() == digest.bytes.size()) std::memcpy(digest.bytes.data(), data.begin(), data.size());
  return digest;
}

void WriteSizes(const std::map<std::string, std::uint64_t>& sizes, capnp::List<wire::Size>::Builder to) {
  unsigned i = 0;
  for (const auto& [name, bytes] : sizes) {
    to[i].setName(ToText(name));
    to[i++].setBytes(bytes);
  }
}

std::map<std::string, std::uint64_t> ReadSizes(capnp::List<wire::Size>::Reader from) {
  std::map<std::string, std::uint64_t> sizes;
  for (const wire::Size::Reader size : from) sizes[std::string(View(size.getName()))] = size.getBytes();
  return sizes;
}

}  // namespace

void WriteProblem(const Error& error, wire::Problem::Builder problem) {
  problem.setCode(ToWire(error.code));
  problem.setMessage(ToText(error.message));
  problem.setPlace(ToText(error.place));
  problem.setRemedy(ToText(error.remedy));
  problem.setRetryAfterMs(error.retry_after_ms);
}

Error ReadProblem(wire::Problem::Reader problem) {
  Error error{FromWire(problem.getCode()), std::string(View(problem.getMessage())),
              std::string(View(problem.getPlace())), std::string(View(problem.getRemedy()))};
  error.retry_after_ms = problem.getRetryAfterMs();
  return error;
}

void WriteDone(const Status& status, wire::Done::Builder done) {
  if (status) {
    done.setDone();
  } else {
    WriteProblem(status.error(), done.initProblem());
  }
}

Status ReadDone(wire::Done::Reader done) {
  return done.isProblem() ? Status(ReadProblem(done.getProblem())) : Status();
}

void WriteOutcome(const storage::Outcome& outcome, wire::Outcome::Builder to) {
  to.setRequestId(ToText(outcome.request_id));
  to.setSequence(outcome.sequence);
  to.setRepeated(outcome.repeated);
  to.setRecordCount(outcome.record_count);
  Fill(to.initRecords(Size(outcome.records.size())), outcome.records);
  Fill(to.initUnknown(Size(outcome.unknown.size())), outcome.unknown);
  Fill(to.initAlreadyForgotten(Size(outcome.already_forgotten.size())), outcome.already_forgotten);
  Fill(to.initUnknownSubjects(Size(outcome.unknown_subjects.size())), outcome.unknown_subjects);
  Fill(to.initAlreadyForgottenSubjects(Size(outcome.already_forgotten_subjects.size())),
       outcome.already_forgotten_subjects);
  auto effect = to.initEffect();
  effect.setTrees(outcome.effect.trees);
  effect.setNodes(outcome.effect.nodes);
  effect.setFlips(outcome.effect.flips);
  effect.setFlippedRecords(outcome.effect.flipped_records);
  effect.setRedraws(outcome.effect.redraws);
  effect.setCollapses(outcome.effect.collapses);
  effect.setRegrowths(outcome.effect.regrowths);
  effect.setQueued(outcome.effect.queued);
  effect.setHedgeHits(outcome.effect.hedge_hits);
  if (outcome.root_before != forest::Digest{}) {
    to.setRootBefore(ToData(outcome.root_before));
    to.setRootAfter(ToData(outcome.root_after));
  }
  to.setUpdateUs(outcome.update_us);
  to.setCommitUs(outcome.commit_us);
}

storage::Outcome ReadOutcome(wire::Outcome::Reader from) {
  storage::Outcome outcome;
  outcome.request_id = View(from.getRequestId());
  outcome.sequence = from.getSequence();
  outcome.repeated = from.getRepeated();
  outcome.record_count = from.getRecordCount();
  outcome.records = ToVector<datasets::RecordId>(from.getRecords());
  outcome.unknown = ToVector<datasets::RecordId>(from.getUnknown());
  outcome.already_forgotten = ToVector<datasets::RecordId>(from.getAlreadyForgotten());
  outcome.unknown_subjects = ToVector<std::size_t>(from.getUnknownSubjects());
  outcome.already_forgotten_subjects = ToVector<std::size_t>(from.getAlreadyForgottenSubjects());
  const auto effect = from.getEffect();
  outcome.effect = {.trees = effect.getTrees(),
                    .nodes = effect.getNodes(),
                    .flips = effect.getFlips(),
                    .flipped_records = effect.getFlippedRecords(),
                    .redraws = effect.getRedraws(),
                    .collapses = effect.getCollapses(),
                    .regrowths = effect.getRegrowths(),
                    .queued = effect.getQueued(),
                    .hedge_hits = effect.getHedgeHits()};
  outcome.root_before = ToDigest(from.getRootBefore());
  outcome.root_after = ToDigest(from.getRootAfter());
  outcome.update_us = from.getUpdateUs();
  outcome.commit_us = from.getCommitUs();
  return outcome;
}

void WriteRequestStatus(const storage::RequestStatus& status, const std::string& request_id,
                        wire::Request::Builder to) {
  to.setRequestId(ToText(request_id));
  to.setKind(static_cast<wire::UpdateKind>(status.kind));
  to.setGround(static_cast<wire::Ground>(status.ground));
  to.setTimeUs(status.time_us);
  to.setRecords(status.records);
  to.setStage(ToWire(status.stage));
  to.setSequence(status.sequence);
}

storage::RequestStatus ReadRequestStatus(wire::Request::Reader from) {
  const auto stage = FromWire(from.getStage());
  return {.sequence = from.getSequence(),
          .kind = static_cast<storage::UpdateKind>(from.getKind()),
          .ground = static_cast<storage::Ground>(from.getGround()),
          .time_us = from.getTimeUs(),
          .records = from.getRecords(),
          .stage = stage ? *stage : storage::Stage::kUnlearned};
}

void WriteStoreInfo(const storage::StoreInfo& info, wire::StoreInfo::Builder to) {
  to.setRoot(ToData(info.root));
  to.setSequence(info.sequence);
  to.setRecords(info.records);
  to.setWithSubject(info.with_subject);
  to.setForgotten(info.forgotten);
  to.setPendingErasures(info.pending_erasures);
  to.setCheckpointAgeS(info.checkpoint_age_s.value_or(-1));
  Fill(to.initRobustness(Size(info.robustness.size())), info.robustness);
  to.setSurveyedThrough(info.surveyed_through);
  WriteSizes(info.memory_bytes, to.initMemory(Size(info.memory_bytes.size())));
  WriteSizes(info.disk_bytes, to.initDisk(Size(info.disk_bytes.size())));
  WriteSizes(info.table_bytes, to.initTables(Size(info.table_bytes.size())));
  auto parts = to.initMemoryParts(Size(info.memory_parts.size()));
  unsigned i = 0;
  for (const auto& [name, part] : info.memory_parts) {
    parts[i].setName(ToText(name));
    parts[i].setCount(part.count);
    parts[i++].setBytes(part.bytes);
  }
  wire::Background::Builder background = to.initBackground();
  background.setQueued(info.background.queued);
  background.setQuarantinedRecords(info.background.quarantined_records);
  background.setQuarantinedShare(info.background.quarantined_share);
  background.setHedges(info.background.hedges);
  background.setHedgeBytes(info.background.hedge_bytes);
  background.setFlips(info.background.flips);
  background.setHedgeHits(info.background.hedge_hits);
  background.setQueuedEver(info.background.queued_ever);
}

storage::StoreInfo ReadStoreInfo(wire::StoreInfo::Reader from) {
  storage::StoreInfo info;
  info.root = ToDigest(from.getRoot());
  info.sequence = from.getSequence();
  info.records = from.getRecords();
  info.with_subject = from.getWithSubject();
  info.forgotten = from.getForgotten();
  info.pending_erasures = from.getPendingErasures();
  if (from.getCheckpointAgeS() >= 0) info.checkpoint_age_s = from.getCheckpointAgeS();
  info.robustness = ToVector<std::uint64_t>(from.getRobustness());
  info.surveyed_through = from.getSurveyedThrough();
  info.memory_bytes = ReadSizes(from.getMemory());
  info.disk_bytes = ReadSizes(from.getDisk());
  info.table_bytes = ReadSizes(from.getTables());
  for (const wire::MemoryPart::Reader part : from.getMemoryParts()) {
    info.memory_parts[std::string(View(part.getName()))] = {part.getCount(), part.getBytes()};
  }
  const wire::Background::Reader background = from.getBackground();
  info.background = {.queued = background.getQueued(),
                     .quarantined_records = background.getQuarantinedRecords(),
                     .quarantined_share = background.getQuarantinedShare(),
                     .hedges = background.getHedges(),
                     .hedge_bytes = background.getHedgeBytes(),
                     .flips = background.getFlips(),
                     .hedge_hits = background.getHedgeHits(),
                     .queued_ever = background.getQueuedEver()};
  return info;
}

// The enums have the same numbers on both sides.
wire::Stage ToWire(storage::Stage stage) {
  return static_cast<wire::Stage>(stage);
}

Result<storage::Stage> FromWire(wire::Stage stage) {
  if (static_cast<unsigned>(stage) <= static_cast<unsigned>(storage::Stage::kErased)) {
    return static_cast<storage::Stage>(stage);
  }
  return Error{ErrorCode::kUsage, "there is no such stage", "", "name one of unlearned, durable, exact, erased"};
}

}  // namespace hedgerow::server
