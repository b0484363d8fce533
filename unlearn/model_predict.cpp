// What a model answers (model.h): from a state of it that stays as it is, beside updates.
#include <algorithm>

#include "unlearn/model.h"

namespace hedgerow::unlearn {

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
  std::uint64_t sequence = 0;
  for (std::size_t begin = 0; begin == 0 || begin < count; begin += kRowsAState) {
    const Published::Reading reading = published_->Read();
    if (begin == 0) sequence = reading->sequence();
    reading->PredictBatch(rows + begin * forest_->width(), std::min(kRowsAState, count - begin),
                          probabilities + begin * forest_->classes(), executor);
  }
  return sequence;
}

std::uint64_t Model::PredictClass(const forest::Cell* row, datasets::ClassCode& answer) const {
  const Published::Reading reading = published_->Read();
  answer = reading->PredictClass(row);
  return reading->sequence();
}

std::uint64_t Model::PredictClasses(const forest::Cell* rows, std::size_t count, datasets::ClassCode* answers,
                                    forest::Executor& executor) const {
  std::uint64_t sequence = 0;
  for (std::size_t begin = 0; begin == 0 || begin < count; begin += kRowsAState) {
    const Published::Reading reading = published_->Read();
    if (begin == 0) sequence = reading->sequence();
    reading->PredictClasses(rows + begin * forest_->width(), std::min(kRowsAState, count - begin), answers + begin,
                            executor);
  }
  return sequence;
}

}  // namespace hedgerow::unlearn
