// Reading a file's records on several threads (table_reader.h).
//
// The text is cut into pieces of whole records, a wave of them at a time. While a wave is encoded, each piece to a
// table of its own, the next one is read and the one before it is appended to the result, piece after piece. What
// depends on the records before is done there, on one thread at a time and in the order of the file: the numbers
// of records that have no ids, finding ids that came before, and which error is the first.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "datasets/table_reader.h"

namespace hedgerow::datasets {
namespace {

constexpr std::size_t kPiecesAThread = 8;
constexpr std::size_t kRecordsAtOnce = 4096;

// What comes of a piece: its records up to the first bad one. `given` has the id of each and, if it got so far, of the
// bad one.
struct Encoded {
  struct GivenId {
    RecordId id = 0;
    std::uint64_t line = 0;
  };
  Table table;
  std::size_t bytes = 0;  // of text
  std::size_t records = 0;
  std::vector<GivenId> given;
  std::optional<Error> error;
};

Status EncodeRecord(const RecordEncoder& encoder, const CsvReader& csv, std::span<const std::string_view> fields,
                    Encoded& piece) {
  RecordId id = 0;
  if (encoder.has_ids()) {
    if (Status status = encoder.ReadId(fields, csv, id); !status) return status;
    piece.given.push_back({id, csv.line()});
  }
  if (Status status = encoder.Encode(fields, csv, piece.table); !status) return status;
  if (encoder.has_ids()) encoder.AppendId(id, piece.table);
  ++piece.records;
  return {};
}

Encoded EncodePiece(const RecordEncoder& encoder, CsvChunk chunk) {
  Encoded piece;
  piece.table.width = encoder.width();
  piece.bytes = chunk.text.size();
  CsvReader csv = CsvReader::OfChunk(std::move(chunk));
  while (true) {
    const auto fields = csv.Next();
    if (fields.ok() && fields->empty()) return piece;
    const Status status = fields.ok() ? EncodeRecord(encoder, csv, *fields, piece) : Status(fields.error());
    if (status.ok()) continue;
    piece.error = status.error();
    return piece;
  }
}

template <class Value>
void MoveBehind(std::vector<Value>& from, std::vector<Value>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

class ParallelReading {
 public:
  ParallelReading(TableReader& reader, const ParallelLoop& loop, std::size_t piece_bytes)
      : reader_(reader), loop_(loop), piece_bytes_(piece_bytes) {
    table_.width = reader.encoder_.width();
  }

  Result<Table> Run(const ReadProgress& progress) {
    Wave next = ReadWave();
    std::vector<Encoded> before;
    while (true) {
      Wave wave = std::exchange(next, {});
      std::vector<Encoded> encoded(wave.pieces.size());
      Status status;
      loop_.run(wave.pieces.size() + 2, [&](std::size_t task) {
        if (task == 0) {
          next = ReadWave();
        } else if (task == 1) {
          status = Append(before);
        } else {
          encoded[task - 2] = EncodePiece(reader_.encoder_, std::move(wave.pieces[task - 2]));
        }
      });
      if (!status) return status.error();
      if (wave.pieces.empty()) break;
      if (progress) progress(reader_.csv_.bytes_read(), reader_.csv_.bytes_total());
      before = std::move(encoded);
    }
    if (failure_) return *failure_;
    return std::move(table_);
  }

 private:
  struct Wave {
    std::vector<CsvChunk> pieces;  // none: all has been read, or nothing more can be
  };

  Wave ReadWave() {
    Wave wave;
    while (!failure_ && wave.pieces.size() < kPiecesAThread * loop_.threads) {
      Result<CsvChunk> piece = reader_.csv_.NextChunk(piece_bytes_);
      if (!piece) {
        failure_ = piece.error();
      } else if (piece->text.empty()) {
        break;
      } else {
        wave.pieces.push_back(std::move(*piece));
      }
    }
    return wave;
  }

  Status Append(std::vector<Encoded>& pieces) {
    for (Encoded& piece : pieces) {
      if (Status status = Append(piece); !status) return status;
      piece = {};
    }
    Reserve();
    return {};
  }

  Status Append(Encoded& piece) {
    for (const auto& [id, line] : piece.given) {
      const std::uint64_t first_line = reader_.seen_.Add(id, line);
      if (first_line != 0) return reader_.encoder_.RepeatedId(reader_.csv_.origin(), line, first_line);
    }
    if (piece.error) return *piece.error;
    appended_bytes_ += piece.bytes;
    MoveBehind(piece.table.ids, table_.ids);
    MoveBehind(piece.table.labels, table_.labels);
    MoveBehind(piece.table.cells, table_.cells);
    MoveBehind(piece.table.subjects, table_.subjects);
    if (!reader_.encoder_.has_ids()) {
      for (std::size_t i = 0; i < piece.records; ++i) reader_.encoder_.AppendId(++reader_.records_, table_);
    }
    return {};
  }

  // Takes the room for all records at once, by the size of the file and of its first records, rather than moving them
  // time and again. What is too much is never touched.
  void Reserve() {
    if (reserved_ || table_.size() == 0) return;
    reserved_ = true;
    const auto total = static_cast<double>(reader_.csv_.bytes_total());
    const double records = 1.02 * total / static_cast<double>(appended_bytes_) * static_cast<double>(table_.size());
    if (records <= static_cast<double>(table_.size())) return;
    const auto room = static_cast<std::size_t>(records);
    table_.ids.reserve(room);
    table_.cells.reserve(room * table_.width);
    if (!table_.labels.empty()) table_.labels.reserve(room);
    if (!table_.subjects.empty()) table_.subjects.reserve(room);
  }

  TableReader& reader_;
  const ParallelLoop& loop_;
  const std::size_t piece_bytes_;
  Table table_;
  std::uint64_t appended_bytes_ = 0;  // of text
  bool reserved_ = false;
  std::optional<Error> failure_;  // of reading, behind all pieces
};

Result<Table> TableReader::ReadRest(const ParallelLoop& loop, const ReadProgress& progress, std::size_t piece_bytes) {
  if (loop.threads > 1) return ParallelReading(*this, loop, piece_bytes).Run(progress);
  Table table;
  table.width = encoder_.width();
  while (true) {
    const Result<std::size_t> count = Read(table, kRecordsAtOnce);
    if (!count) return count.error();
    if (*count == 0) return table;
    if (progress) progress(csv_.bytes_read(), csv_.bytes_total());
  }
}

}  // namespace hedgerow::datasets
