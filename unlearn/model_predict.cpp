// What a model answers (model.h): from a state of it that stays as it is, beside updates.
#include <algorithm>

#include "unlearn/model.h"

namespace hedgerow::unlearn {
namespace {

// Asks for rows, up to kRowsAState of them of one state. The number of the first one's last update.
template <class Ask>
std::uint64_t AskInParts(const Published& published, std::size_t count, const Ask& ask) {
  std::uint64_t sequence = 0;
  for (std::size_t begin = 0; begin == 0 || begin < count; begin += Model::kRowsAState) {
    const Published::Reading reading = published.Read();
    if (begin == 0) sequence = reading->sequence();
    ask(*reading, begin, std::min(Model::kRowsAState, count - begin));
  }
  return sequence;
}

}  // namespace

void Model::CacheResults(std::size_t bytes) {
  cache_ = bytes == 0 ? nullptr : std::make_unique<ResultCache>(bytes, forest_->width(), forest_->classes());
}

void Model::PredictOne(const forest::View& view, const forest::Cell* row, double* probabilities) const {
  if (cache_ != nullptr && cache_->Find(view.state(), row, probabilities)) return;
  view.Predict(row, probabilities);
  if (cache_ != nullptr) cache_->Keep(view.state(), row, probabilities);
}

std::uint64_t Model::Predict(const forest::Cell* row, double* probabilities) const {
  const Published::Reading reading = published_->Read();
  PredictOne(*reading, row, probabilities);
  return reading->sequence();
}

std::uint64_t Model::PredictBatch(const forest::Cell* rows, std::size_t count, double* probabilities,
                                  forest::Executor& executor) const {
  if (cache_ != nullptr && count <= kCachedRows) {
    const Published::Reading reading = published_->Read();
    for (std::size_t i = 0; i < count; ++i) {
      PredictOne(*reading, rows + i * forest_->width(), probabilities + i * forest_->classes());
    }
    return reading->sequence();
  }
  return AskInParts(*published_, count, [&](const forest::View& view, std::size_t begin, std::size_t some) {
    view.PredictBatch(rows + begin * forest_->width(), some, probabilities + begin * forest_->classes(), executor);
  });
}

std::uint64_t Model::PredictClass(const forest::Cell* row, datasets::ClassCode& answer) const {
  const Published::Reading reading = published_->Read();
  answer = reading->PredictClass(row);
  return reading->sequence();
}

std::uint64_t Model::PredictClasses(const forest::Cell* rows, std::size_t count, datasets::ClassCode* answers,
                                    forest::Executor& executor) const {
  return AskInParts(*published_, count, [&](const forest::View& view, std::size_t begin, std::size_t some) {
    view.PredictClasses(rows + begin * forest_->width(), some, answers + begin, executor);
  });
}

}  // namespace hedgerow::unlearn
