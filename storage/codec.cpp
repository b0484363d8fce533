#include "storage/codec.h"

#include <algorithm>

#include "storage/bytes.h"

namespace hedgerow::storage {

std::string EncodeHeader(const ModelHeader& header) {
  Writer writer;
  const forest::Parameters& p = header.parameters;
  writer.U64(p.seed);
  for (const std::uint32_t value :
       {p.trees, p.occupancy, p.max_depth, p.min_split, p.min_leaf, p.max_features, p.thresholds}) {
    writer.U32(value);
  }
  writer.F64(p.smoothing);
  writer.Raw(header.secret.data(), header.secret.size());
  writer.Text(ToJson(header.schema));
  return writer.bytes();
}

std::optional<ModelHeader> DecodeHeader(std::string_view bytes) {
  Reader reader(bytes);
  ModelHeader header;
  forest::Parameters& p = header.parameters;
  p.seed = reader.U64();
  for (std::uint32_t* value :
       {&p.trees, &p.occupancy, &p.max_depth, &p.min_split, &p.min_leaf, &p.max_features, &p.thresholds}) {
    *value = reader.U32();
  }
  p.smoothing = reader.F64();
  const std::string_view secret = reader.Raw(header.secret.size());
  std::copy(secret.begin(), secret.end(), header.secret.begin());
  const std::string_view json = reader.Text();
  if (!reader.done() || !Validate(p) || p.occupancy == 0) return std::nullopt;
  Result<datasets::Schema> schema = datasets::ParseSchema(json, "the store's schema");
  if (!schema) return std::nullopt;
  header.schema = std::move(*schema);
  return header;
}

std::string EncodeCounters(const Counters& counters) {
  Writer writer;
  for (const std::uint64_t value :
       {counters.sequence, counters.records, counters.slot_end, counters.with_subject, counters.forgotten}) {
    writer.U64(value);
  }
  return writer.bytes();
}

std::optional<Counters> DecodeCounters(std::string_view bytes) {
  Reader reader(bytes);
  Counters counters;
  counters.sequence = reader.U64();
  counters.records = reader.U64();
  counters.slot_end = reader.U64();
  counters.with_subject = reader.U64();
  counters.forgotten = reader.U64();
  if (!reader.done() || counters.records > counters.slot_end || counters.slot_end > 0xffffffffULL) return std::nullopt;
  return counters;
}

std::string EncodeProgress(const Progress& progress) {
  Writer writer;
  writer.U64(progress.floor);
  writer.U64(progress.time_us);
  writer.U64(progress.erased);
  return writer.bytes();
}

std::optional<Progress> DecodeProgress(std::string_view bytes) {
  Reader reader(bytes);
  Progress progress;
  progress.floor = reader.U64();
  progress.time_us = reader.U64();
  progress.erased = reader.U64();
  if (!reader.done() || progress.erased > progress.floor) return std::nullopt;
  return progress;
}

std::string EncodeRecord(const RecordValue& record) {
  Writer writer;
  writer.Varint(record.born);
  writer.U32(record.slot);
  writer.U64(record.id);
  writer.U8(record.label);
  writer.Text(record.subject_key);
  for (const datasets::Cell cell : record.cells) writer.U32(static_cast<std::uint32_t>(cell));
  return writer.bytes();
}

std::optional<RecordValue> DecodeRecord(std::string_view bytes, std::size_t width, std::size_t classes) {
  Reader reader(bytes);
  RecordValue record;
  record.born = reader.Varint();
  record.slot = reader.U32();
  record.id = reader.U64();
  record.label = reader.U8();
  record.subject_key = reader.Text();
  // Not by width * size, which a false width may overflow.
  if (reader.failed() || reader.left() % sizeof(datasets::Cell) != 0 ||
      reader.left() / sizeof(datasets::Cell) != width) {
    return std::nullopt;
  }
  record.cells.resize(width);
  for (datasets::Cell& cell : record.cells) cell = static_cast<datasets::Cell>(reader.U32());
  const std::size_t subject_bytes = record.subject_key.size();
  if (!reader.done() || record.label >= classes || (subject_bytes != 0 && subject_bytes != kOpaqueBytes)) {
    return std::nullopt;
  }
  return record;
}

}  // namespace hedgerow::storage
